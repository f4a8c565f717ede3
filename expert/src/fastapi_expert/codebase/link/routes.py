"""The route graph, flattened: every (method, path) that every application serves, in the order it tries them."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.values import (
    HOLE,
    Condition,
    Dependency,
    Doubtful,
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
from fastapi_expert.codebase.templates import catches
from fastapi_expert.codebase.vocabulary import is_test_path

Reach = Literal["served", "conditional", "unattached"]

MAX_DEPTH = 25
MAX_ROUTES = 20_000


class FlatRoute(NamedTuple):
    """One registration as one application serves it; ``chain`` are the routers from the application inwards.

    ``path`` has :data:`~..interpret.values.HOLE` for what is not known of it, of which ``unknowns`` say why.
    ``conditions`` are the branches on its way that may not run, outermost first. ``host`` is that of `app.host(…)`.
    """

    app: Router
    entry: RouteEntry
    path: str
    chain: tuple[Router, ...]
    dependencies: tuple[Any, ...]
    tags: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    host: str = ""
    doubtful: tuple[Doubtful | Unknown, ...] = ()
    """Dependencies that are there only under conditions that the text does not settle."""

    @property
    def reach(self) -> Reach:
        """Whether a request gets there: surely, under a condition that the text does not settle, or not as one sees."""
        if not self.app.is_app or not is_reachable(self.app) or self.unknowns:
            return "unattached"
        return "conditional" if self.conditions else "served"


def is_reachable(app: Router) -> bool:
    """Whether a server can get hold of an application, as far as the text tells."""
    return not (app.is_given or app.is_replaced or app.is_local)


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
    given = app.keywords.get("dependencies")
    way = _Way("", (app,), _list(given), _texts(app.keywords.get("tags")), doubtful=_doubtful(given))
    if not app.is_app:
        unknown = Unknown(app.site, app.hidden or "no application is seen to include this router")
        way = way._replace(prefix=f"{HOLE}", unknowns=(unknown,))
    _Walk(interp, app, found, live).entries(app.entries, way)
    if app.variants:
        _merge(found, [serve(interp, one, live=live).routes for one in app.variants], app)
    return found


def _merge(found: Served, others: list[list[FlatRoute]], app: Router) -> None:
    """Add what only other calls of the factory register; what not every call registers is conditional."""
    everywhere = {_key(route) for route in found.routes}
    for routes in others:
        everywhere &= {_key(route) for route in routes}
    some = Condition(app.site, "only some of the calls that make this application register it")
    seen = {_key(route) for route in found.routes}
    for route in (route for routes in others for route in routes):
        if _key(route) not in seen:
            seen.add(_key(route))
            found.routes.append(route._replace(app=app))
    for index, route in enumerate(found.routes):
        if _key(route) not in everywhere:
            found.routes[index] = route._replace(conditions=(some, *route.conditions))


def _key(route: FlatRoute) -> tuple[tuple[str, ...], str]:
    return route.entry.methods, route.path


def answered_before(routes: Sequence[FlatRoute]) -> dict[tuple[int, str], FlatRoute]:
    """Which earlier route of its application answers the requests for a route, by the route's identity and method."""
    found: dict[tuple[int, str], FlatRoute] = {}
    general: dict[tuple[int, str], list[FlatRoute]] = {}
    for route in routes:
        if route.host or route.reach == "unattached":
            continue
        for method in route.entry.methods:
            earlier = general.setdefault((id(route.app), method), [])
            catcher = next((one for one in earlier if catches(one.path, route.path)), None)
            if catcher is not None:
                found[id(route), method] = catcher
            elif "{" in route.path and not route.conditions:
                earlier.append(route)
    return found


def unattached(interp: Interpreter, served: Iterable[FlatRoute], *, live: bool) -> list[FlatRoute]:
    """What no application is seen to serve: the routes of routers that nobody includes, by router."""
    reached = {id(router) for route in served for router in route.chain}
    known = {_registration(route) for route in served}
    inner = included([router for router in interp.routers if id(router) not in reached])
    found: list[FlatRoute] = []
    seen: set[Any] = set()
    for router in interp.routers:
        if id(router) in reached or id(router) in inner or is_test_path(router.site.path):
            continue
        if interp.names.is_library(router.site.path):
            continue  # what a library has for itself
        for route in serve(interp, router, live=live).routes:
            registration = _registration(route)
            if registration not in known and (registration, route.path) not in seen:
                seen.add((registration, route.path))
                found.append(route)
    return found


def _registration(route: FlatRoute) -> Any:
    """What tells one registration from another; a helper may make many in one place."""
    endpoint = route.entry.endpoint
    written = [str(getattr(endpoint, name, "")) for name in ("path", "qualname")]
    return (route.entry.site, route.entry.methods, *written)


class _Way(NamedTuple):
    """What a registration inherits from the routers around it."""

    prefix: str
    chain: tuple[Router, ...]
    dependencies: tuple[Any, ...]
    tags: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    host: str = ""
    doubtful: tuple[Doubtful | Unknown, ...] = ()

    def below(self, path: Any, site: Site) -> "_Way":
        """The way one path further; what is not known of the path is marked in it."""
        if isinstance(path, str):
            return self._replace(prefix=self.prefix + path)
        unknown = path if isinstance(path, Unknown) else Unknown(site, "it is not a text")
        return self._replace(prefix=self.prefix + unknown.text, unknowns=(*self.unknowns, unknown))


class _Walk:
    def __init__(self, interp: Interpreter, app: Router, found: Served, live: bool) -> None:
        self.interp = interp
        self.app = app
        self.found = found
        self.live = live

    def entries(self, entries: Iterable[Entry], way: _Way) -> None:
        for entry in entries:
            if len(self.found.routes) > MAX_ROUTES:
                return
            inside = way._replace(conditions=(*way.conditions, *entry.conditions)) if entry.conditions else way
            if isinstance(entry, RouteEntry):
                self._route(entry, inside)
            elif isinstance(entry, IncludeEntry):
                self._include(entry, inside)
            else:
                self._mount(entry, inside)

    def _route(self, entry: RouteEntry, way: _Way) -> None:
        here = way.below(entry.path, entry.site)
        own = () if entry.plain else (*_inherited(entry, way), *_list(entry.keywords.get("dependencies")))
        named = () if entry.plain else (*way.tags, *_texts(entry.keywords.get("tags")))
        doubtful = () if entry.plain else (*way.doubtful, *_doubtful(entry.keywords.get("dependencies")))
        reach = (here.conditions, here.unknowns, here.host, doubtful)
        self.found.routes.append(FlatRoute(self.app, entry, here.prefix or "/", way.chain, own, named, *reach))

    def _include(self, entry: IncludeEntry, way: _Way) -> None:
        child = entry.child
        if child in way.chain or len(way.chain) > MAX_DEPTH:
            return
        if entry.passed is not None and not self.live:
            self.entries(entry.passed, way)
            return
        below = way.below(entry.prefix, entry.site)._replace(
            chain=(*way.chain, child),
            dependencies=(
                *_inherited(entry, way),
                *_list(entry.keywords.get("dependencies")),
                *_list(child.keywords.get("dependencies")),
            ),
            doubtful=(
                *way.doubtful,
                *_doubtful(entry.keywords.get("dependencies")),
                *_doubtful(child.keywords.get("dependencies")),
            ),
            tags=(*way.tags, *_texts(entry.keywords.get("tags")), *_texts(child.keywords.get("tags"))),
        )
        self.entries(child.entries if self.live else entry.snapshot, below)

    def _mount(self, entry: MountEntry, way: _Way) -> None:
        if entry.host:
            below = way._replace(host=entry.path if isinstance(entry.path, str) else HOLE)
        elif isinstance(entry.path, str):
            below = way.below(entry.path.rstrip("/"), entry.site)
        else:
            below = way.below(entry.path, entry.site)
        if not self.live and way.chain[-1] is not self.app and not way.chain[-1].is_app:
            return  # before 0.137 including a router left its mounts behind
        inner = entry.app
        if isinstance(inner, Router) and inner not in way.chain and len(way.chain) < MAX_DEPTH:
            given = inner.keywords.get("dependencies")  # those of the applications around it do not run
            own, doubtful, tags = _list(given), _doubtful(given), _texts(inner.keywords.get("tags"))
            below = below._replace(chain=(*way.chain, inner), dependencies=own, doubtful=doubtful, tags=tags)
            self.entries(inner.entries, below)
        else:
            last = inner == External("fastapi.frontend")  # tried when nothing else matches
            self.found.mounts.append(
                FlatMount(self.app, below.prefix, entry.site, MAX_ROUTES if last else len(self.found.routes))
            )


def _inherited(entry: RouteEntry | IncludeEntry, way: _Way) -> tuple[Any, ...]:
    """The dependencies around that reach an entry: those of its router not where it was put there as an object."""
    if not entry.alone:
        return way.dependencies
    return way.dependencies[: len(way.dependencies) - len(_list(way.chain[-1].keywords.get("dependencies")))]


def _list(value: Any) -> tuple[Any, ...]:
    if not is_list(value):
        return ()
    return tuple(one for one in value if isinstance(one, Dependency))


def _doubtful(value: Any) -> tuple[Doubtful | Unknown, ...]:
    """The dependencies of a list that are in it under conditions, or what hides whether there are any."""
    if not is_list(value):
        return (value,) if isinstance(value, Unknown) else ()
    held = (one for one in value if not isinstance(one, Doubtful) or isinstance(one.value, Dependency))
    return tuple(one for one in held if isinstance(one, (Doubtful, Unknown)))


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
