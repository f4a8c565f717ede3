"""Answers as bytes, and what OpenAPI says of errors."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import PROBLEM_JSON
from app.core.wire import json_bytes

NO_STORE = {"Cache-Control": "no-store"}
"""For answers that hold tokens (RFC 6749 §5.1) or private data."""


class FieldProblem(BaseModel):
    """One fault of the request."""

    pointer: Annotated[str, Field(description="JSON pointer as a URI fragment (RFC 6901).", examples=["#/email"])]
    location: Annotated[str, Field(alias="in", description="body, query, path, header …")]
    code: str
    detail: str


class ProblemDocument(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(title="Problem")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str | None
    errors: list[FieldProblem] = []


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route that may answer with these errors."""
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {PROBLEM_JSON: {"schema": _REFERENCE}}}
        for status in sorted(statuses)
    }


_REFERENCE = {"$ref": "#/components/schemas/Problem"}


def json_response(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON made once, from plain data."""
    return Response(json_bytes(content), status_code=status, headers=headers, media_type="application/json")
