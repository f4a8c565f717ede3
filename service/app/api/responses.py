"""Answers as bytes, and what OpenAPI says of errors."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Response

from app.http.errors import PROBLEM_JSON
from app.kit.json import json_bytes

NO_STORE = {"Cache-Control": "no-store"}
"""For answers that hold tokens (RFC 6749 §5.1) or private data."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route that may answer with these errors."""
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {PROBLEM_JSON: {"schema": _REFERENCE}}}
        for status in sorted(statuses)
    }


_REFERENCE = {"$ref": "#/components/schemas/Problem"}  # app.http.openapi adds the schema itself


def json_response(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON made once, from plain data."""
    return Response(json_bytes(content), status_code=status, headers=headers, media_type="application/json")
