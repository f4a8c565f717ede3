"""The OpenAPI document, completed with what the framework leaves out: the errors that any operation may answer."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import compile_path

from app.security.cookies import PLAIN, SECURE

PROBLEM_JSON = "application/problem+json"
Json = dict[str, Any]

DESCRIPTION = """\
Users who write posts. Sign in under **auth** (or with *Authorize*), write a draft, publish it now or at a later time.

Browsers sign in with `cookies=true` and never see a token; programs use personal API tokens, which may do what their
scopes name.

Errors are `application/problem+json` (RFC 9457) with a `request_id` to quote. Single resources carry an `ETag`: send it
back as `If-Match` and no update is lost, or as `If-None-Match` and what you have is not sent again. A `POST` under an
`Idempotency-Key` may be repeated. Lists are numbered up to row 10,000; `next_cursor` leads on from any page.
"""
TAGS = [
    {"name": "auth", "description": "Sign up, in and out; sessions, API tokens, passwords, verified addresses."},
    {"name": "users", "description": "Profiles, statistics, and what administrators may do."},
    {"name": "posts", "description": "Drafts, published and scheduled posts: written, found, read, counted."},
    {"name": "tags", "description": "Labels of posts, and how many bear them."},
    {"name": "health", "description": "For load balancers, orchestrators and Prometheus."},
]

SCHEME = "Bearer"
OPTIONAL_SCHEME = "OptionalBearer"
"""Name under which a dependency asks for a token that may be missing; FastAPI itself knows no such thing."""
_COOKIE_SCHEME, _API_TOKEN_SCHEME = "Cookie", "ApiToken"
_SCHEMES: Json = {
    _COOKIE_SCHEME: {
        "type": "apiKey",
        "in": "cookie",
        "name": SECURE.access,
        "description": f"For browsers: set by signing in with `cookies=true` (`{PLAIN.access}` on plain http). What "
        "changes something must come from a page of this site.",
    },
    _API_TOKEN_SCHEME: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "pat_…",
        "description": "For programs: a personal API token with the scopes an operation names, made under "
        "`/auth/tokens`.",
    },
}

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
        "mfa_token": {
            "type": "string",
            "description": "With `urn:problem-type:second-factor-required`: login/second-factor wants it and a code.",
        },
        "expires_in": {"type": "integer", "description": "Seconds the mfa_token is good for."},
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


def operation_id(route: APIRoute) -> str:
    """The function's own name, which is what generated clients call theirs; a test sees that no two are alike."""
    return route.name


def allowed_methods(app: FastAPI, path: str) -> list[str]:
    """Every method ``path`` is served for (RFC 9110 §15.5.6); the router names those of the first route it finds."""
    methods: set[str] = set()
    for template, operations in app.openapi()["paths"].items():
        if compile_path(template)[0].match(path):
            methods.update(method.upper() for method in operations)
    if "GET" in methods:
        methods.add("HEAD")
    return sorted(methods)


def _complete(document: Json) -> None:
    schemas: Json = document.setdefault("components", {}).setdefault("schemas", {})
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete_operation(operation, limited=not path.startswith(("/health", "/metrics")))
    schemes: Json = document["components"].setdefault("securitySchemes", {})
    schemes.pop(OPTIONAL_SCHEME, None)
    schemes |= _SCHEMES
    for replaced in ("HTTPValidationError", "ValidationError", "ProblemDocument"):
        schemas.pop(replaced, None)
    schemas |= {"FieldProblem": _FIELD_PROBLEM, "Problem": _PROBLEM}
    document["components"]["schemas"] = dict(sorted(schemas.items()))


def _complete_operation(operation: Json, *, limited: bool) -> None:
    responses: Json = operation["responses"]
    statuses = [400, 500, 503]
    if "security" in operation:
        operation["security"] = _ways_in(operation["security"])
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


def _ways_in(asked: list[dict[str, list[str]]]) -> list[dict[str, list[str]]]:
    """Every way to satisfy what the dependencies ask for; an API token only where a scope is named."""
    scopes = sorted({scope for scheme in asked for names in scheme.values() for scope in names})
    ways: list[dict[str, list[str]]] = [{SCHEME: scopes}, {_COOKIE_SCHEME: []}]
    if scopes:
        ways.append({_API_TOKEN_SCHEME: scopes})
    return [{}, *ways] if any(OPTIONAL_SCHEME in scheme for scheme in asked) else ways
