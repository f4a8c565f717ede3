"""The route graph, flattened: every (method, path) that every application serves, in the order it tries them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.values import (
    Dependency,
    Entry,
    External,
    FunctionValue,
    IncludeEntry,
    MountEntry,
    RouteEntry,
    Router,
    Site,
    Unknown,
    is_list,
)

MAX_DEPTH = 25
MAX_ROUTES = 20_000


class FlatRoute(NamedTuple):
    """One registration as one application serves it; ``chain`` are the routers from the application inwards."""

    app: Router
    entry: RouteEntry
    path: str
    chain: tuple[Router, ...]
    dependencies: tuple[Any, ...]
    tags: tuple[str, ...]


class FlatMount(NamedTuple):
    """Something below a path that is not an application of this codebase: static files, another framework."""

    app: Router
    path: str
    site: Site
    order: int
    """How many routes are tried before it."""


class Served(NamedTuple):
    """What one application serves, in order."""

    routes: list[FlatRoute]
    mounts: list[FlatMount]


def serve(interp: Interpreter, app: Router, *, live: bool) -> Served:
    """Flatten ``app``. ``live``: routes added to a router after it was included count (FastAPI from 0.137)."""
    found = Served([], [])
    walk = _Walk(interp, app, found, live)
    walk.router(app, "", (app,), _list(app.keywords.get("dependencies")), _texts(app.keywords.get("tags")), app.entries)
    return found


class _Walk:
    def __init__(self, interp: Interpreter, app: Router, found: Served, live: bool) -> None:
        self.interp = interp
        self.app = app
        self.found = found
        self.live = live

    def router(
        self,
        router: Router,
        prefix: str,
        chain: tuple[Router, ...],
        dependencies: tuple[Any, ...],
        tags: tuple[str, ...],
        entries: "list[Entry] | tuple[Entry, ...]",
    ) -> None:
        for entry in entries:
            if len(self.found.routes) > MAX_ROUTES:
                return
            if isinstance(entry, RouteEntry):
                self._route(entry, prefix, chain, dependencies, tags)
            elif isinstance(entry, IncludeEntry):
                self._include(entry, prefix, chain, dependencies, tags)
            else:
                self._mount(entry, prefix, chain)

    def _route(
        self,
        entry: RouteEntry,
        prefix: str,
        chain: tuple[Router, ...],
        dependencies: tuple[Any, ...],
        tags: tuple[str, ...],
    ) -> None:
        if not isinstance(entry.path, str):
            why = entry.path.reason if isinstance(entry.path, Unknown) else "it is no text"
            self.interp.problem(entry.site, f"the path of this route is not known: {why}; not listed")
            return
        own = () if entry.plain else (*dependencies, *_list(entry.keywords.get("dependencies")))
        named = () if entry.plain else (*tags, *_texts(entry.keywords.get("tags")))
        self.found.routes.append(FlatRoute(self.app, entry, prefix + entry.path or "/", chain, own, named))

    def _include(
        self,
        entry: IncludeEntry,
        prefix: str,
        chain: tuple[Router, ...],
        dependencies: tuple[Any, ...],
        tags: tuple[str, ...],
    ) -> None:
        child = entry.child
        if child in chain or len(chain) > MAX_DEPTH:
            return
        if not isinstance(entry.prefix, str):
            why = entry.prefix.reason if isinstance(entry.prefix, Unknown) else "it is no text"
            hidden = sum(1 for _ in _registrations(child, 0))
            self.interp.problem(
                entry.site, f"the prefix of this router is not known: {why}; its {hidden} routes are not listed"
            )
            return
        self.router(
            child,
            prefix + entry.prefix,
            (*chain, child),
            (*dependencies, *_list(entry.keywords.get("dependencies")), *_list(child.keywords.get("dependencies"))),
            (*tags, *_texts(entry.keywords.get("tags")), *_texts(child.keywords.get("tags"))),
            child.entries if self.live else entry.snapshot,
        )

    def _mount(self, entry: MountEntry, prefix: str, chain: tuple[Router, ...]) -> None:
        if entry.host:
            below = prefix
        elif isinstance(entry.path, str):
            below = prefix + entry.path.rstrip("/")
        else:
            self.interp.problem(entry.site, "the path of this mount is not known; what it serves is not listed")
            return
        if not self.live and chain[-1] is not self.app and not chain[-1].is_app:
            return  # before 0.137 including a router left its mounts behind
        inner = entry.app
        if isinstance(inner, Router) and inner not in chain and len(chain) < MAX_DEPTH:
            own = _list(inner.keywords.get("dependencies"))  # those of the applications around it do not run
            self.router(inner, below, (*chain, inner), own, _texts(inner.keywords.get("tags")), inner.entries)
        else:
            last = inner == External("fastapi.frontend")  # tried when nothing else matches
            self.found.mounts.append(
                FlatMount(self.app, below, entry.site, MAX_ROUTES if last else len(self.found.routes))
            )


def _registrations(router: Any, depth: int) -> Iterator[RouteEntry]:
    for entry in router.entries if isinstance(router, Router) and depth < MAX_DEPTH else ():
        if isinstance(entry, RouteEntry):
            yield entry
        elif isinstance(entry, IncludeEntry):
            yield from _registrations(entry.child, depth + 1)


def registrations(router: Router) -> list[RouteEntry]:
    """Every registration below ``router``, whatever its path."""
    return list(_registrations(router, 0))


def _list(value: Any) -> tuple[Any, ...]:
    if not is_list(value):
        return ()
    return tuple(one for one in value if isinstance(one, Dependency))


def _texts(value: Any) -> tuple[str, ...]:
    if not is_list(value):
        return ()
    found = [getattr(one, "value", one) for one in value]
    return tuple(one for one in found if isinstance(one, str))


def included(routers: list[Router]) -> set[int]:
    """The ids of the routers that another includes or mounts."""
    found: set[int] = set()
    for router in routers:
        for entry in router.entries:
            if isinstance(entry, IncludeEntry):
                found.add(id(entry.child))
            elif isinstance(entry, MountEntry) and entry.app is not router:
                found.add(id(entry.app))
    return found


def endpoint_name(value: Any) -> str:
    """What FastAPI calls a route by default: the name of its endpoint."""
    return value.qualname.rsplit(".", 1)[-1].split("@")[0] if isinstance(value, FunctionValue) else ""


def route_name(route: FlatRoute) -> str:
    """The name a route was given, else FastAPI's default."""
    named = route.entry.keywords.get("name")
    return named if isinstance(named, str) else endpoint_name(route.entry.endpoint)
