"""The OpenAPI document, completed with what the framework leaves out: the errors that any operation may answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.http.errors import PROBLEM_JSON

Json = dict[str, Any]
Requirement = dict[str, list[str]]
"""A scheme's name, and the scopes that are asked of it."""

_PROBLEM_REFERENCE = "#/components/schemas/Problem"

_FIELD_PROBLEM: Json = {
    "title": "FieldProblem",
    "description": "One fault of the request.",
    "type": "object",
    "required": ["pointer", "in", "code", "detail"],
    "properties": {
        "pointer": {
            "type": "string",
            "description": "JSON pointer as a URI fragment (RFC 6901).",
            "examples": ["#/title"],
        },
        "in": {"type": "string", "examples": ["body", "query", "path", "header"]},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_PROBLEM: Json = {
    "title": "Problem",
    "description": "An error (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "`about:blank`, or the kind of problem."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, where, and what to do."},
        "instance": {"type": "string", "description": "The path of the request."},
        "request_id": {"type": ["string", "null"], "description": "Quote it when you report the problem."},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """What one application adds to the document.

    ``security_schemes`` join those that FastAPI finds, without ``placeholder_scheme``, a name that only dependencies
    use; ``token_url`` is where their OAuth2 flows lead, which a dependency cannot know. ``ways_in`` are the
    alternatives for what the dependencies of an operation ask for. ``problem_members`` are members that some of its
    errors have beyond RFC 9457's. Paths that begin with one of ``unlimited`` are never answered 429.
    """

    security_schemes: Json
    placeholder_scheme: str
    token_url: str
    ways_in: Callable[[list[Requirement]], list[Requirement]]
    problem_members: Json = field(default_factory=dict[str, Any])
    unlimited: tuple[str, ...] = ()


def install_openapi(app: FastAPI, additions: Additions) -> None:
    """Have ``app.openapi()`` name every error that an operation may answer with."""
    generate = app.openapi

    def openapi() -> Json:
        document = generate()
        if "Problem" not in document.get("components", {}).get("schemas", {}):
            _complete(document, additions)
        return document

    app.openapi = openapi  # the documented way: https://fastapi.tiangolo.com/how-to/extending-openapi/


def operation_id(route: APIRoute) -> str:
    """The function's own name, which is what generated clients call theirs; a test sees that no two are alike."""
    return route.name


def _complete(document: Json, additions: Additions) -> None:
    schemas: Json = document.setdefault("components", {}).setdefault("schemas", {})
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if "security" in operation:
                operation["security"] = additions.ways_in(operation["security"])
            _complete_operation(operation, limited=not path.startswith(additions.unlimited))
    schemes: Json = document["components"].setdefault("securitySchemes", {})
    schemes.pop(additions.placeholder_scheme, None)
    for flow in (flow for scheme in schemes.values() for flow in scheme.get("flows", {}).values()):
        flow["tokenUrl"] = additions.token_url
    schemes |= additions.security_schemes
    for replaced in ("HTTPValidationError", "ValidationError", "ProblemDocument"):
        schemas.pop(replaced, None)
    problem = {**_PROBLEM, "properties": {**_PROBLEM["properties"], **additions.problem_members}}
    schemas |= {"FieldProblem": _FIELD_PROBLEM, "Problem": problem}
    document["components"]["schemas"] = dict(sorted(schemas.items()))


def _complete_operation(operation: Json, *, limited: bool) -> None:
    responses: Json = operation["responses"]
    statuses = [400, 500, 503]
    if "security" in operation:
        statuses += [401, 403]
    if limited:
        statuses.append(429)
    if "parameters" in operation or "requestBody" in operation:
        statuses.append(422)
    if "requestBody" in operation:
        statuses.append(413)
    for status in statuses:
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM_JSON: {"schema": {"$ref": _PROBLEM_REFERENCE}}},
        }
    operation["responses"] = dict(sorted(responses.items()))
