"""How a refused form is answered: with the reason, next to its field where it concerns one."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette_admin.exceptions import FormValidationError
from starlette_admin.flash import flash

from app.http.errors import ServiceError

Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], data: Mapping[str, Any]) -> Model:
    """The data as the API would take it. Raises FormValidationError."""
    try:
        return model.model_validate(data)
    except ValidationError as refusal:
        faults: dict[str | int, Any] = {
            str(fault["loc"][0]): fault["msg"] for fault in refusal.errors() if fault["loc"]
        }
        raise FormValidationError(faults) from None


def explained(request: Request, refusal: ServiceError) -> FormValidationError:
    """A service's refusal as the form shows it; what concerns no single field is shown above the form."""
    faults: dict[str | int, Any] = {error.pointer.removeprefix("#/"): error.detail for error in refusal.errors}
    if not faults:
        flash(request, refusal.detail, "error")
    return FormValidationError(faults)
