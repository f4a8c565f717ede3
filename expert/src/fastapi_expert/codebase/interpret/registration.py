"""What the methods of applications and routers do to the route graph."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from fastapi_expert.codebase.interpret.attributes import class_attribute, is_plain_base, lineage
from fastapi_expert.codebase.interpret.containers import sorted_values
from fastapi_expert.codebase.interpret.operations import concatenated
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.standins import standing_for
from fastapi_expert.codebase.interpret.values import (
    Arguments,
    ClassValue,
    Doubtful,
    Entry,
    External,
    FunctionValue,
    IncludeEntry,
    Instance,
    Member,
    Method,
    MountEntry,
    Partial,
    RouteDecorator,
    RouteEntry,
    RouteList,
    Router,
    Scope,
    Site,
    Unknown,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.vocabulary import (
    ADDING_METHODS,
    GENERAL_DECORATORS,
    MOUNT_CLASSES,
    ROUTE_CLASSES,
    STARLETTE_METHODS,
    VERBS,
    WEBSOCKET,
)

_Act = Callable[[Runtime, Router, str, Arguments], Any]


def make_router(interp: Runtime, router: Router, args: list[Any], keywords: dict[str, Any]) -> None:
    """What `APIRouter(…)` and `FastAPI(…)` do with their arguments."""
    router.keywords = keywords
    if not router.is_app:
        prefix = keywords.get("prefix", "")
        if "**" in keywords and "prefix" not in keywords:
            prefix = Unknown(router.site, "the router's arguments are unpacked from what is not known")
        router.prefix = _text(prefix)
    for name, value in keywords.items():
        if name == "middleware" and is_list(value):
            router.middleware.extend((one, router.site) for one in value)
        if name == "lifespan" and value is not None:
            router.lifespans.append((value, router.site))
        if name == "on_startup" and is_list(value):
            router.lifespans.extend((one, router.site) for one in value)
        if name == "exception_handlers" and is_dict(value):
            router.handlers.extend((one, router.site) for one in value.values())
            router.answers.extend(value.items())
    routes = keywords.get("routes", args[0] if args and not router.is_app else None)
    for route in routes if is_list(routes) else ():
        add_route_object(interp, router, route)


def add_route_object(interp: Runtime, router: Router, route: Any) -> None:
    """A `Route`, `APIRoute`, `WebSocketRoute` or `Mount` object in `routes=[…]` or `router.routes.append(…)`."""
    if isinstance(route, Doubtful):
        with interp.branch():
            interp.doubt(*route.conditions)
            add_route_object(interp, router, route.value)
        return
    if isinstance(route, Unknown):
        interp.cannot_place(route.site, "route", "which route is added", route.reason)
    if isinstance(route, (RouteEntry, IncludeEntry, MountEntry)):
        _add(interp, router, replace(route) if isinstance(route, MountEntry) else _moved(interp, route))
        return
    if not isinstance(route, Instance):
        return
    kinds = [one.name.rpartition(".")[2] for one in _outside_classes(interp, route)]
    kind = next((one for one in kinds if one in ROUTE_CLASSES or one in MOUNT_CLASSES), "")
    given = route.attributes
    path = _text(given.get("0", given.get("path")))
    if kind in MOUNT_CLASSES:
        app = given.get("1", given.get("app"))
        if app is None and is_list(given.get("routes")):
            app = Router(True, route.site, External("starlette.applications.Starlette"), interp.region)
            for inner in given["routes"]:
                add_route_object(interp, app, inner)
        _add(interp, router, MountEntry(path, app, route.site, host=kind == "Host"))
    elif kind in ROUTE_CLASSES:
        websocket = "WebSocket" in kind
        methods = _methods(given.get("methods"), route.site)
        endpoint = given.get("1", given.get("endpoint"))
        plain = not kind.startswith("API")
        entry = _route(methods, path, endpoint, route.site, websocket, given, {}, route.site.path, plain)
        entry.alone = True
        _add(interp, router, entry)


def _outside_classes(interp: Runtime, value: Instance) -> list[External]:
    """The classes outside the codebase that an object is of."""
    if isinstance(value.cls, External):
        return [value.cls]
    return [one for one in lineage(interp, value.cls) if isinstance(one, External)]


def _moved(interp: Runtime, route: RouteEntry | IncludeEntry) -> RouteEntry | IncludeEntry:
    """A route put on another router: it keeps the dependencies that its own router gave it, and gets no more."""
    home = next((one for one in interp.routers if any(entry is route for entry in one.entries)), None)
    inherits = not route.alone and not (isinstance(route, RouteEntry) and route.plain)
    given = home.keywords.get("dependencies") if home is not None and inherits else None
    own = route.keywords.get("dependencies")
    both = [*(given if is_list(given) else ()), *(own if is_list(own) else ())]
    return replace(route, keywords={**route.keywords, "dependencies": both}, alone=True)


def set_router_attribute(interp: Runtime, router: Router, name: str, value: Any) -> bool:
    """Set what the route graph knows of a router; False when ``name`` is not such a thing."""
    if name == "prefix":
        router.prefix = value
    elif name == "routes" and (is_list(value) or isinstance(value, RouteList)):
        router.entries = list(router.entries)  # a copy of this router keeps the list that it had
        replace_entries(interp, router, list(value.router.entries) if isinstance(value, RouteList) else list(value))
    elif name == "dependencies":
        made = {id(one): _moved(interp, one) for one in router.entries if isinstance(one, (RouteEntry, IncludeEntry))}
        router.entries = [made.get(id(one), one) for one in router.entries]  # what there is keeps what it was made with
        router.keywords = {**router.keywords, "dependencies": value}
    elif name == "lifespan_context":
        router.lifespans.append((value, router.site))
    elif name == "router" and router.is_app and isinstance(value, Router) and value is not router:
        router.entries.append(IncludeEntry(value, "", router.site, {}, tuple(value.entries)))
    else:
        return False
    return True


def set_route_attribute(interp: Runtime, route: Entry, name: str, value: Any) -> None:
    """`route.path = …` of an item of `router.routes`."""
    if name in ("path", "endpoint", "app") and not isinstance(route, IncludeEntry) and hasattr(route, name):
        setattr(route, name, value)
    elif name == "methods" and isinstance(route, RouteEntry):
        methods = _methods(value, route.site)
        route.methods = () if isinstance(methods, Unknown) else methods
        route.path = methods if isinstance(methods, Unknown) else route.path
    elif isinstance(route, (RouteEntry, IncludeEntry)):
        route.keywords = {**route.keywords, name: value}


def replace_entries(interp: Runtime, router: Router, new: list[Any]) -> None:
    """Make ``new`` what the router holds; under a condition that is not settled, nothing surely goes."""
    entries: list[Any] = []
    for one in new:
        entry = one.value if isinstance(one, Doubtful) else one
        if isinstance(one, Doubtful) and any(entry is other for other in router.entries):
            entry.conditions = (*entry.conditions, *one.conditions)
            entries.append(entry)
        else:
            entries.append(one)
    if router.region == interp.region:
        before = {id(one) for one in router.entries}
        router.entries.clear()
        for entry in entries:
            if id(entry) in before:
                router.entries.append(entry)
            else:
                add_route_object(interp, router, entry)
        return
    conditions = interp.conditions_since(router.region)
    kept = {id(one) for one in entries}
    for entry in router.entries:
        if id(entry) not in kept:
            entry.conditions = (*entry.conditions, *conditions)
    before = {id(one) for one in router.entries}
    for entry in entries:
        if id(entry) not in before:
            add_route_object(interp, router, entry)


def set_routes(interp: Runtime, routes: RouteList, key: Any, value: Any) -> None:
    """`router.routes[key] = value`."""
    entries = list(routes.router.entries)
    given = list(value.router.entries) if isinstance(value, RouteList) else value
    with suppress(LookupError, TypeError, ValueError):
        entries[key] = given
    replace_entries(interp, routes.router, entries)


def delete_routes(interp: Runtime, routes: RouteList, key: Any) -> None:
    """`del router.routes[key]`."""
    entries = list(routes.router.entries)
    with suppress(LookupError, TypeError):
        del entries[key]
    replace_entries(interp, routes.router, entries)


def route_list_method(interp: Runtime, routes: RouteList, name: str, given: Arguments) -> Any:
    """What a method of `router.routes` does to the router."""
    router, args = routes.router, given.args
    if name == "append" and args:
        add_route_object(interp, router, args[0])
    elif name == "extend" and args:
        added: Any = args[0].router.entries if isinstance(args[0], RouteList) else args[0]
        for one in list(added) if is_list(added) else ():
            add_route_object(interp, router, one)
        if not is_list(added):
            interp.cannot_place(given.site, "route", "which routes are added", "the list is not known")
    elif name == "insert" and len(args) == 2:
        count = len(router.entries)
        add_route_object(interp, router, args[1])
        if isinstance(args[0], int) and len(router.entries) > count:
            router.entries.insert(args[0], router.entries.pop())
    elif name in ("pop", "remove", "clear"):
        return _removed(interp, router, name, args)
    elif name in ("reverse", "sort"):
        given_order: Any = router.entries[::-1]
        if name == "sort":
            given_order = sorted_values(interp, router.entries, given.keywords, given.site)
        if is_list(given_order):
            router.entries[:] = given_order
    elif name in ("index", "count"):
        found = [index for index, one in enumerate(router.entries) if args and one is args[0]]
        return (
            len(found) if name == "count" else found[0] if found else Unknown(given.site, "a route that is not there")
        )
    elif name in ("copy",):
        return list(router.entries)
    return None


def _removed(interp: Runtime, router: Router, name: str, args: list[Any]) -> Any:
    entries, gone = router.entries, list[Any]()
    index = args[0] if args else -1
    if name == "clear":
        gone = list(entries)
    elif name == "remove":
        gone = [one for one in entries if args and one is args[0]]
    elif isinstance(index, int) and -len(entries) <= index < len(entries):
        gone = [entries[index]]
    replace_entries(interp, router, [one for one in entries if not any(one is other for other in gone)])
    return gone[0] if gone and name == "pop" else None


def _add(interp: Runtime, router: Router, entry: Entry) -> None:
    """Add to the graph, with the conditions that this runs under and the text does not settle."""
    if interp.home is not None:
        _bring_home(interp, entry)
    if router.region != interp.region:
        entry.conditions = interp.conditions_since(router.region)
    router.entries.append(entry)


def _bring_home(interp: Runtime, entry: Entry) -> None:
    """What a library registers, the project's own line does that led there."""
    entry.site = interp.at_home(entry.site)
    if isinstance(entry, IncludeEntry):
        entry.prefix = interp.explained(entry.prefix) if isinstance(entry.prefix, Unknown) else entry.prefix
    elif isinstance(entry.path, Unknown):
        entry.path = interp.explained(entry.path)


def _text(value: Any) -> Any:
    return value.value if isinstance(value, Member) else value


def _methods(value: Any, site: Site) -> tuple[str, ...] | Unknown:
    if value is None:
        return ("GET",)
    if is_list(value):
        named = [_method_name(one) for one in value]
        if None not in named:
            return tuple([one for one in named if one is not None])
    return Unknown(site, "the methods of the route are not known")


def _method_name(value: Any) -> str | None:
    """`"GET"`, a member of an enumeration or `http.HTTPMethod.GET`."""
    if isinstance(value, External):
        value = value.name.removesuffix(".value").rpartition("HTTPMethod.")[2]
    value = _text(value)
    return value.upper() if isinstance(value, str) else None


def _route(
    methods: tuple[str, ...] | Unknown,
    path: Any,
    endpoint: Any,
    site: Site,
    websocket: bool,
    keywords: dict[str, Any],
    raw: dict[str, Expr],
    scope_path: str,
    plain: bool,
) -> RouteEntry:
    if isinstance(methods, Unknown):
        return RouteEntry((), methods, endpoint, site, websocket, keywords, raw, scope_path, plain)
    named = (WEBSOCKET,) if websocket else methods
    return RouteEntry(named, path, endpoint, site, websocket, keywords, raw, scope_path, plain)


def apply(interp: Runtime, decorator: RouteDecorator, endpoint: Any, scope: Scope) -> Any:
    """Register ``endpoint`` as the decorator says and give it back."""
    add_api_route = None
    if isinstance(decorator.router.cls, ClassValue) and not decorator.plain and not decorator.websocket:
        add_api_route = _overridden(interp, decorator.router, "add_api_route", decorator.site)
    if add_api_route is not None:
        methods = decorator.methods if isinstance(decorator.methods, Unknown) else list(decorator.methods)
        interp.call_function(
            add_api_route, [decorator.path, endpoint], {**decorator.keywords, "methods": methods}, decorator.site
        )
    else:
        add_endpoint(
            interp,
            decorator.router,
            decorator.methods,
            decorator.path,
            endpoint,
            decorator.site,
            decorator.websocket,
            decorator.keywords,
            decorator.raw,
            scope.path,
            plain=decorator.plain,
        )
    return endpoint


def _overridden(interp: Runtime, router: Router, name: str, site: Site) -> FunctionValue | None:
    if not isinstance(router.cls, ClassValue):
        return None
    own = class_attribute(interp, router.cls, name, site, receiver=router)
    return own if isinstance(own, FunctionValue) else None


def add_endpoint(
    interp: Runtime,
    router: Router,
    methods: tuple[str, ...] | Unknown,
    path: Any,
    endpoint: Any,
    site: Site,
    websocket: bool,
    keywords: dict[str, Any],
    raw: dict[str, Expr],
    scope_path: str,
    *,
    plain: bool = False,
) -> None:
    """One registration; the router's own prefix counts as it is now, and not at all for what Starlette registers."""
    path = _text(path)
    prefix = "" if plain else _text(router.prefix)
    path = concatenated(prefix, path, site)
    cls = keywords.get("route_class_override", router.keywords.get("route_class"))
    if isinstance(cls, ClassValue) and not websocket and not plain:
        path, methods = _as_its_class_has_it(interp, cls, path, methods, endpoint, keywords, site)
    _add(interp, router, _route(methods, path, endpoint, site, websocket, keywords, raw, scope_path, plain))


def _as_its_class_has_it(
    interp: Runtime,
    cls: ClassValue,
    path: Any,
    methods: tuple[str, ...] | Unknown,
    endpoint: Any,
    keywords: dict[str, Any],
    site: Site,
) -> tuple[Any, tuple[str, ...] | Unknown]:
    """Path and methods of a route of a class of the codebase, whose `__init__` may change them."""
    init = class_attribute(interp, cls, "__init__", site, receiver=None)
    if not isinstance(init, FunctionValue) or isinstance(methods, Unknown):
        return path, methods
    given = {"methods": list(methods), **{key: one for key, one in keywords.items() if key != "route_class_override"}}
    made = interp.call(cls, Arguments([path, endpoint], given, {}, site, Scope(site.path, {})))
    if not isinstance(made, Instance):
        return path, methods
    unknown = Unknown(site, f"{cls.qualname} decides the path of its routes")
    known = made.attributes.get("path", made.attributes.get("0", unknown))
    return known, _methods(made.attributes.get("methods", given["methods"]), site)


def _verb(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    path = given.get(0, "path")
    methods = (name.upper(),) if name in VERBS else _methods(given.get(1, "methods"), given.site)
    overridden = _overridden(interp, router, "api_route", given.site) if name in VERBS else None
    if overridden is not None:  # FastAPI's own verbs call it
        keywords = {key: value for key, value in given.keywords.items() if key != "path"}
        return interp.call_function(overridden, [path], {**keywords, "methods": [name.upper()]}, given.site)
    websocket = name.startswith("websocket")
    plain = name in STARLETTE_METHODS
    return RouteDecorator(router, methods, path, given.keywords, given.raw, given.site, websocket, plain)


def _add_route(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    path, endpoint = given.get(0, "path"), given.get(1, "endpoint")
    if endpoint is None:
        endpoint = given.keywords.get("route")
    methods = _methods(given.get(2, "methods") if name == "add_route" else given.keywords.get("methods"), given.site)
    add_endpoint(
        interp,
        router,
        methods,
        path,
        endpoint,
        given.site,
        "websocket" in name,
        given.keywords,
        given.raw,
        given.scope.path,
        plain=name in STARLETTE_METHODS,
    )


def _include(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    child = given.get(0, "router")
    prefix: Any = _text(given.keywords.get("prefix", ""))
    if "**" in given.keywords and "prefix" not in given.keywords:
        prefix = Unknown(given.site, "the arguments are unpacked from what is not known")
    if isinstance(child, Router):
        prefix = concatenated(_text(router.prefix), prefix, given.site)
        if child is router:
            return
        entry = IncludeEntry(child, prefix, given.site, given.keywords, tuple(child.entries))
        entry.passed = _passed(interp, router, entry, _text(given.keywords.get("prefix", "")))
        _add(interp, router, entry)
    elif (hidden := standing_for(interp, child)) is not None and hidden.entries:
        prefix = concatenated(concatenated(_text(router.prefix), prefix, given.site), _hole(hidden), given.site)
        interp.want(hidden.cls, surely=True)
        interp.cannot_place(given.site, "router", "what else the router serves", hidden.hidden)
        _add(interp, router, IncludeEntry(hidden, prefix, given.site, given.keywords, tuple(hidden.entries)))
    elif isinstance(child, Unknown):
        interp.cannot_place(given.site, "router", "which router is included", child.reason)
    elif isinstance(child, Instance) and isinstance(child.cls, ClassValue):
        outside = [one for one in lineage(interp, child.cls) if isinstance(one, External) and not is_plain_base(one)]
        for one in outside:
            interp.want(one, surely=True)
        reason = f"it is no router; {interp.absence(outside[0])}" if outside else "it is no router"
        interp.cannot_place(given.site, "router", "what the router serves", reason)
    elif isinstance(child, (Instance, External, Method)):
        interp.want(child, surely=True)
        interp.cannot_place(given.site, "router", "what the router serves", interp.absence(child))
    elif child is not None or "router" not in given.keywords:
        interp.cannot_place(given.site, "router", "which routes it has", "what is included is not a router")


def _passed(interp: Runtime, router: Router, entry: IncludeEntry, prefix: Any) -> tuple[Entry, ...] | None:
    """What the `add_api_route` of a router's own class makes of what it includes: FastAPI before 0.137 calls it.

    None where the class has none, or where not every route of the child is known.
    """
    overridden = None if router.is_app else _overridden(interp, router, "add_api_route", entry.site)
    if overridden is None:
        return None
    inner = IncludeEntry(entry.child, prefix, entry.site, entry.keywords, entry.snapshot)
    flat: list[tuple[RouteEntry, str, list[Any]]] = []
    for one, path, dependencies in _flat(inner, "", ()):
        if not isinstance(one, RouteEntry) or not isinstance(path, str):
            return None
        flat.append((one, path, list(dependencies)))
    begin = len(router.entries)
    for one, path, dependencies in flat:
        if one.websocket or one.plain:
            _add(interp, router, replace(one, path=concatenated(_text(router.prefix), path, entry.site)))
            continue
        keywords = {**one.keywords, "methods": list(one.methods), "dependencies": dependencies}
        interp.call_function(overridden, [path, one.endpoint], keywords, one.site)
    made = tuple(router.entries[begin:])
    del router.entries[begin:]
    return made


def _flat(entry: Entry, prefix: Any, around: tuple[Any, ...]) -> Iterator[tuple[Entry, Any, tuple[Any, ...]]]:
    """The routes of an entry with their paths and all dependencies; what is no route as it is."""
    own = entry.keywords.get("dependencies") if not isinstance(entry, MountEntry) else None
    dependencies = (*around, *(own if is_list(own) else ()))
    path = concatenated(prefix, entry.prefix if isinstance(entry, IncludeEntry) else entry.path, entry.site)
    if not isinstance(entry, IncludeEntry) or not isinstance(entry.child, Router):
        yield entry, path, dependencies
        return
    given = entry.child.keywords.get("dependencies")
    for one in entry.snapshot:
        yield from _flat(one, path, (*dependencies, *(given if is_list(given) else ())))


def _hole(hidden: Router) -> Unknown:
    """The part of a path that a router may add of which nothing is known."""
    return Unknown(hidden.site, hidden.hidden)


def _mount(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    path = _text(given.get(0, "host" if name == "host" else "path"))  # Starlette's: without the router's prefix
    app = given.get(1, "app")
    if isinstance(app, Unknown):
        interp.cannot_place(given.site, "application", "which application is mounted", app.reason)
    interp.want(app, surely=False)
    _add(interp, router, MountEntry(path, app, given.site, host=name == "host"))


def _frontend(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    path, prefix = _text(given.get(0, "path")), _text(router.prefix)
    if isinstance(prefix, str) and isinstance(path, str):
        path = prefix + path
    _add(interp, router, MountEntry(path, External("fastapi.frontend"), given.site))


def _middleware(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    if name == "add_middleware":
        value = given.get(0, "middleware_class")
        options = {key: one for key, one in given.keywords.items() if key != "middleware_class"}
        if options:
            value = Instance(External("starlette.middleware.Middleware"), given.site, {"0": value, **options})
        _note_middleware(interp, router, value, given.site)
        return None
    return Method(router, "decorate_middleware")


def _decorate_middleware(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    function = given.args[0] if given.args else None
    _note_middleware(interp, router, function, given.site)
    return function


def _note_middleware(interp: Runtime, router: Router, value: Any, site: Site) -> None:
    """Remember a middleware, with the conditions that this runs under and the text does not settle."""
    conditions = interp.conditions_since(router.region) if router.region != interp.region else ()
    router.middleware.append((Doubtful(value, conditions) if conditions else value, site))


def _exception_handler(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    if name == "add_exception_handler":
        router.handlers.append((given.get(1, "handler"), given.site))
        router.answers.append((given.get(0, "exc_class_or_status_code"), given.get(1, "handler")))
        return None
    return Partial(Method(router, "add_exception_handler"), (given.get(0, "exc_class_or_status_code"),), {})


def _add_resource(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    """`Api.add_resource(Resource(), "/path", …)` of fastapi-restful: one route for every verb the class defines."""
    if given.args:
        _resource(
            interp,
            router,
            given.args[0],
            [one for one in given.args[1:] if isinstance(one, str)],
            given.site,
            given.scope,
        )


def resource_api(given: Arguments) -> Any:
    """`Api(app)` of fastapi-restful: what it registers, it registers on the application."""
    app = given.get(0, "app")
    return app if isinstance(app, Router) else Unknown(given.site, "an Api without an application")


def _resource(interp: Runtime, router: Router, resource: Any, paths: list[str], site: Site, scope: Scope) -> None:
    cls = resource.cls if isinstance(resource, Instance) else resource
    if not isinstance(cls, ClassValue):
        return
    for path in paths:
        for verb in VERBS:
            method = class_attribute(interp, cls, verb, site, receiver=resource)
            if isinstance(method, FunctionValue):
                add_endpoint(interp, router, (verb.upper(),), path, method, site, False, {}, {}, scope.path)


def _on_event(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    """`@app.on_event("startup")` and `add_event_handler("startup", function)`."""
    event, handler = given.get(0, "event_type"), given.get(1, "func")
    if name == "add_event_handler":
        if event == "startup":
            router.lifespans.append((handler, given.site))
        return None
    return Method(router.lifespans, "note") if event == "startup" else _nothing(interp, router, name, given)


def _nothing(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    return External("functools.identity")  # as a decorator it gives back what it is given


def _super_init(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    make_router(interp, router, given.args, given.keywords)


ROUTER_METHODS: dict[str, _Act] = {
    **dict.fromkeys(VERBS, _verb),
    **dict.fromkeys(GENERAL_DECORATORS, _verb),
    **dict.fromkeys(ADDING_METHODS, _add_route),
    "include_router": _include,
    "mount": _mount,
    "host": _mount,
    "frontend": _frontend,
    "add_middleware": _middleware,
    "middleware": _middleware,
    "decorate_middleware": _decorate_middleware,
    "exception_handler": _exception_handler,
    "add_exception_handler": _exception_handler,
    "add_resource": _add_resource,
    "on_event": _on_event,
    "add_event_handler": _on_event,
    "__init__": _super_init,
}
