"""The OpenAPI document of an application, from the text alone; what the text does not settle is left out and listed."""

from typing import Any

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.files.pins import Pins
from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.values import HOLE, Router, is_dict, is_list
from fastapi_expert.codebase.link.linking import MAX_ROUNDS, Linked
from fastapi_expert.codebase.link.protection.request import Shared
from fastapi_expert.codebase.link.routes import FlatRoute, serve
from fastapi_expert.codebase.model import Problem
from fastapi_expert.contract.openapi.models import Models
from fastapi_expert.contract.openapi.operations import Operations, template
from fastapi_expert.contract.openapi.result import Document
from fastapi_expert.contract.openapi.schemas import Schemas
from fastapi_expert.contract.openapi.types import Types, is_known, plain
from fastapi_expert.errors import ExpertError

_METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")
_ERRORS: dict[str, Any] = {
    "HTTPValidationError": {
        "properties": {
            "detail": {"items": {"$ref": "#/components/schemas/ValidationError"}, "type": "array", "title": "Detail"}
        },
        "type": "object",
        "title": "HTTPValidationError",
    },
    "ValidationError": {
        "properties": {
            "loc": {
                "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                "type": "array",
                "title": "Location",
            },
            "msg": {"type": "string", "title": "Message"},
            "type": {"type": "string", "title": "Error Type"},
            "input": {"title": "Input"},
            "ctx": {"type": "object", "title": "Context"},
        },
        "type": "object",
        "required": ["loc", "msg", "type"],
        "title": "ValidationError",
    },
}
_KNOWN = frozenset({"sqlmodel"})
"""Packages whose classes are read as what they are known to be."""
_INFO = ("title", "version", "summary", "description", "termsOfService", "contact", "license")
_KEYWORDS = {"terms_of_service": "termsOfService", "license_info": "license"}


def documents(codebase: Codebase) -> dict[str, Router]:
    """Id to application, of everything that serves routes."""
    linked = codebase.linked
    return {linked.router_ids[id(app)]: app for app in linked.applications if id(app) in linked.router_ids}


def document(codebase: Codebase, name: str | None = None) -> Document:
    """The document of the application called ``name`` (its id, or a part of it), or of the one that has most routes.

    Raises:
        ExpertError: there is none of that name, or several.
    """
    apps = documents(codebase)
    if not apps:
        raise ExpertError(
            "no FastAPI application here", where=str(codebase.root), do="expert routes --problems says why"
        )
    chosen = [id_ for id_ in apps if name is None or name == id_ or name in id_]
    if name is not None and len(chosen) != 1:
        raise ExpertError(
            f"{'several applications are' if chosen else 'no application is'} called {name}",
            do=f"one of: {', '.join(chosen or apps)}",
        )
    id_ = max(chosen, key=lambda one: len(serve(codebase.linked.interp, apps[one], live=codebase.is_live).routes))
    return _with_libraries(codebase, apps[id_], id_)


def _with_libraries(codebase: Codebase, app: Router, id_: str) -> Document:
    """The document, with the classes that installed libraries bring read where they lie."""
    interp = codebase.linked.interp
    libraries = interp.sources.libraries if interp.sources is not None else None
    writing = _Writing(codebase.linked, interp, codebase.pins, live=codebase.is_live)
    found = writing.of(app, id_)
    for _ in range(MAX_ROUNDS if libraries is not None else 0):
        assert libraries is not None
        outside = writing.outside - _KNOWN
        are_new = libraries.open_wanted(dict.fromkeys(sorted(outside), True))
        was_opened = interp is codebase.linked.interp and bool(outside & libraries.opened)
        if not found.unknown or not (are_new or was_opened):  # opened: for another application's document
            break
        interp = Interpreter(codebase.linked.interp.names.with_libraries(libraries), interp.sources)
        writing = _Writing(codebase.linked, interp, codebase.pins, live=codebase.is_live)
        found = writing.of(app, id_)
    if libraries is not None:
        libraries.keep()
    return found


class _Writing:
    def __init__(self, linked: Linked, interp: Interpreter, pins: Pins, *, live: bool) -> None:
        self._linked = linked
        self._interp = interp
        self._pins = pins
        self.outside: set[str] = set()
        """The packages of what was met that is not of the codebase."""
        self._live = live
        self._unknown: list[Problem] = []
        self._here = ("", 0)

    def of(self, app: Router, id_: str) -> Document:
        types = Types(self._interp)
        self.outside = types.outside
        models = Models(types, self._pins.of("pydantic"))
        schemas = Schemas(models, self._say, types.names.modules.name, self._pins)
        shared = Shared(self._linked.interp, self._linked.catalogue.classes)
        pending: list[str] = []
        operations = Operations(shared, types, models, schemas, self._pins.of("fastapi"), pending)
        paths: dict[str, dict[str, Any]] = {}
        for route in serve(self._linked.interp, app, live=self._live).routes:
            if route.entry.websocket or route.entry.plain or any(one.is_app for one in route.chain[1:]):
                continue
            self._route(route, operations, paths, pending)
        body: dict[str, Any] = {"openapi": "3.1.0", "info": self._info(app), **self._about(app), "paths": paths}
        whole = schemas.finish(body)
        components = whole["components"]["schemas"]
        if any("422" in one.get("responses", {}) for path in paths.values() for one in path.values()):
            for name, schema in _ERRORS.items():
                components.setdefault(name, schema)
            whole["components"]["schemas"] = dict(sorted(components.items()))
        if operations.schemes:
            whole["components"]["securitySchemes"] = operations.schemes
        if not components and not operations.schemes:
            del whole["components"]
        elif not components:
            del whole["components"]["schemas"]
        return Document(
            id_, whole, tuple(sorted(set(self._unknown), key=lambda one: (one.path, one.line, one.message)))
        )

    def _route(
        self, route: FlatRoute, operations: Operations, paths: dict[str, dict[str, Any]], pending: list[str]
    ) -> None:
        site = route.entry.site
        self._here = (site.path, site.line)
        if HOLE in route.path or route.reach == "unattached":
            self._say(f"the path of {', '.join(route.entry.methods)} {route.path}")
            return
        for method in route.entry.methods:
            if method not in _METHODS:
                continue
            operation = operations.of(route, method, route.path)
            if operation is not None:
                paths.setdefault(template(route.path), {})[method.lower()] = operation  # of two the last one is written
        for one in pending:
            self._say(one)
        pending.clear()

    def _say(self, what: str) -> None:
        self._unknown.append(Problem(*self._here, f"left out: {what}"))

    def _info(self, app: Router) -> dict[str, Any]:
        self._here = (app.site.path, app.site.line)
        info: dict[str, Any] = {"title": "FastAPI", "version": "0.1.0"}
        for name, value in app.keywords.items():
            name = _KEYWORDS.get(name, name)
            if name in _INFO and value is not None:
                if is_known(plain(value)):
                    info[name] = plain(value)
                else:
                    info.pop(name, None)
                    self._say(f"{name} of the application")
        return {name: info[name] for name in _INFO if name in info}

    def _about(self, app: Router) -> dict[str, Any]:
        about: dict[str, Any] = {}
        for keyword, name in (
            ("servers", "servers"),
            ("openapi_tags", "tags"),
            ("openapi_external_docs", "externalDocs"),
        ):
            value = plain(app.keywords.get(keyword))
            if (is_list(value) or is_dict(value)) and is_known(value):
                about[name] = value
        root = plain(app.keywords.get("root_path"))
        if (
            isinstance(root, str)
            and root
            and "servers" not in about
            and app.keywords.get("root_path_in_servers") is not False
        ):
            about["servers"] = [{"url": root}]
        return about
