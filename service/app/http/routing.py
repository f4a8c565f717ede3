"""What the router knows of a request: the template that matched, the methods of an address, routes by their path."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import fastapi.routing
from fastapi import FastAPI
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import Receive, Scope, Send


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


class RouteTable(BaseRoute):
    """The routes of an application and its included routers, looked up by path; asked before the application's own.

    From FastAPI 0.137 included routers are a tree. Each is asked whether it has the route, and on the way down asked
    again: near half of a small answer (docs/decisions/0026). What is not found here (another method, a slash too many,
    a mounted application) is FastAPI's to find, and the document is made of its routes.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._by_path: dict[tuple[str, str], Any] = {}
        self._with_parameters: list[Any] = []
        for route in cast(Iterable[Any], fastapi.routing.iter_route_contexts(routes)):
            if not isinstance(route.original_route, fastapi.routing.APIRoute):
                continue
            if "{" in route.path:
                self._with_parameters.append(route)
                continue
            for method in route.methods:
                if not any(
                    method in earlier.methods and earlier.path_regex.match(route.path)
                    for earlier in self._with_parameters
                ):
                    self._by_path.setdefault((method, route.path), route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http":
            path, method = route_path(scope), scope["method"]
            if (route := self._by_path.get((method, path))) is not None:
                return Match.FULL, {"endpoint": route.endpoint, "path_params": {}, "route": route}
            for route in self._with_parameters:
                if method in route.methods and route.path_regex.match(path) is not None:
                    _, found = route.matches(scope)
                    return Match.FULL, {**found, "route": route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["route"].app(scope, receive, send)


def look_up_by_path(app: FastAPI) -> None:
    """Have the routes that ``app`` has by now found by their path; more may be added, and are found as ever."""
    if hasattr(fastapi.routing, "iter_route_contexts"):  # before 0.137 there was no tree
        app.router.routes.insert(0, RouteTable(tuple(app.routes)))
