"""What the router knows of a request: the template that matched, and the methods of an address."""

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.routing import compile_path
from starlette.types import Scope


def route_template(scope: Scope) -> str:
    """The path template that matched, as the router left it in the scope; ids must not become metric labels."""
    # From FastAPI 0.137 routers are a tree: the route knows the end of its path only, the context all of it.
    context = scope.get("fastapi", {}).get("effective_route_context")
    path = getattr(context or scope.get("route"), "path", None)
    return path if isinstance(path, str) else "unmatched"


def route_path(scope: Scope) -> str:
    """The path that routes are matched against: without the prefix that the application lives under."""
    return scope["path"].removeprefix(scope.get("root_path", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What a request asks for: path and query, under which a response may be cached, and the template of the route."""

    path: str
    query: bytes
    route: str


def address_of(scope: Scope) -> Address:
    """The address of the request being served; call it once the router has found its route."""
    return Address(path=scope["path"], query=scope["query_string"], route=route_template(scope))


def allowed_methods(app: FastAPI, path: str) -> list[str]:
    """Every method ``path`` is served for (RFC 9110 §15.5.6); the router names those of the first route it finds."""
    methods: set[str] = set()
    for template, operations in app.openapi()["paths"].items():
        if compile_path(template)[0].match(path):
            methods.update(method.upper() for method in operations)
    if "GET" in methods:
        methods.add("HEAD")
    return sorted(methods)
