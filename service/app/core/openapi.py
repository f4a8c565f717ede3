"""The OpenAPI document, completed with what the framework leaves out: the errors that any operation may answer."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from starlette.routing import compile_path

PROBLEM_JSON = "application/problem+json"
Json = dict[str, Any]

DESCRIPTION = """\
Users who write posts. Sign in under **auth** (or with *Authorize*), write a draft, publish it now or at a later time.

Errors are `application/problem+json` (RFC 9457) with a `request_id` to quote. Single resources carry an `ETag`: send it
back as `If-Match` and no update is lost, or as `If-None-Match` and what you have is not sent again. A `POST` under an
`Idempotency-Key` may be repeated. Lists are numbered up to row 10,000; `next_cursor` leads on from any page.
"""
TAGS = [
    {"name": "auth", "description": "Sign up, in and out; sessions, passwords, verification of the address."},
    {"name": "users", "description": "Profiles, statistics, and what administrators may do."},
    {"name": "posts", "description": "Drafts, published and scheduled posts: written, found, read, counted."},
    {"name": "tags", "description": "Labels of posts, and how many bear them."},
    {"name": "health", "description": "For load balancers, orchestrators and Prometheus."},
]

SCHEME = "Bearer"
OPTIONAL_SCHEME = "OptionalBearer"
"""Name under which a dependency asks for a token that may be missing; FastAPI itself knows no such thing."""

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


def install_openapi(app: FastAPI) -> None:
    """Make ``app.openapi()`` tell the whole truth about errors."""
    generate = app.openapi

    def openapi() -> Json:
        document = generate()
        if "Problem" not in document.get("components", {}).get("schemas", {}):
            _complete(document)
        return document

    app.openapi = openapi  # the documented way: https://fastapi.tiangolo.com/how-to/extending-openapi/


def allowed_methods(app: FastAPI, path: str) -> list[str]:
    """Every method ``path`` is served for (RFC 9110 §15.5.6); the router names those of the first route it finds."""
    methods: set[str] = set()
    for template, operations in app.openapi()["paths"].items():
        if compile_path(template)[0].match(path):
            methods.update(method.upper() for method in operations)
    return sorted(methods)


def _complete(document: Json) -> None:
    schemas: Json = document.setdefault("components", {}).setdefault("schemas", {})
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete_operation(operation, limited=not path.startswith(("/health", "/metrics")))
    document["components"].get("securitySchemes", {}).pop(OPTIONAL_SCHEME, None)
    for replaced in ("HTTPValidationError", "ValidationError", "ProblemDocument"):
        schemas.pop(replaced, None)
    schemas |= {"FieldProblem": _FIELD_PROBLEM, "Problem": _PROBLEM}
    document["components"]["schemas"] = dict(sorted(schemas.items()))


def _complete_operation(operation: Json, *, limited: bool) -> None:
    responses: Json = operation["responses"]
    if any(OPTIONAL_SCHEME in scheme for scheme in operation.get("security", ())):
        operation["security"] = [{}, {SCHEME: []}]
    statuses = [400, 500, 503]
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
