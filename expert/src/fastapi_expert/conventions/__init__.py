"""How a team writes here: what a resource consists of, where things go, the idioms, and what must follow a change."""

from fastapi_expert.codebase import Codebase
from fastapi_expert.conventions.afterwards import afterwards
from fastapi_expert.conventions.errors import errors
from fastapi_expert.conventions.homes import homes
from fastapi_expert.conventions.model import Conventions
from fastapi_expert.conventions.parameters import pages, parameters, permissions
from fastapi_expert.conventions.resource import resource

__all__ = ["Conventions", "conventions"]


def conventions(codebase: Codebase, *, like: str = "") -> Conventions:
    """What new code here should look like; ``like`` names the resource to take as the example.

    Raises:
        UsageError: there is no resource of that name.
    """
    example, why_none = resource(codebase, like)
    return Conventions(
        resource=example,
        why_no_resource=why_none,
        homes=homes(codebase),
        parameters=parameters(codebase),
        permissions=permissions(codebase),
        errors=errors(codebase),
        pages=pages(codebase),
        afterwards=afterwards(codebase),
    )
