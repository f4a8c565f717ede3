"""What the methods of applications and routers do to the route graph."""

from collections.abc import Callable
from typing import Any

from fastapi_expert.codebase.interpret.attributes import class_attribute
from fastapi_expert.codebase.interpret.operations import concatenated
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    Arguments,
    ClassValue,
    Entry,
    External,
    FunctionValue,
    IncludeEntry,
    Instance,
    Member,
    Method,
    MountEntry,
    RouteDecorator,
    RouteEntry,
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
        if name == "exception_handlers" and is_dict(value):
            router.handlers.extend((one, router.site) for one in value.values())
    routes = keywords.get("routes", args[0] if args and not router.is_app else None)
    for route in routes if is_list(routes) else ():
        add_route_object(interp, router, route)


def add_route_object(interp: Runtime, router: Router, route: Any) -> None:
    """A `Route`, `APIRoute`, `WebSocketRoute` or `Mount` object in `routes=[…]` or `router.routes.append(…)`."""
    if isinstance(route, (RouteEntry, MountEntry)):
        _add(interp, router, route)
        return
    if not isinstance(route, Instance) or not isinstance(route.cls, External):
        return
    kind = route.cls.name.rpartition(".")[2]
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
        _add(interp, router, _route(methods, path, endpoint, route.site, websocket, given, {}, route.site.path, plain))


def _add(interp: Runtime, router: Router, entry: Entry) -> None:
    """Add to the graph, with the conditions that this runs under and the text does not settle."""
    if router.region != interp.region:
        entry.conditions = interp.conditions_since(router.region)
    router.entries.append(entry)


def _text(value: Any) -> Any:
    return value.value if isinstance(value, Member) else value


def _methods(value: Any, site: Site) -> tuple[str, ...] | Unknown:
    if value is None:
        return ("GET",)
    if is_list(value) and all(isinstance(_text(one), str) for one in value):
        return tuple(_text(one).upper() for one in value)
    return Unknown(site, "the methods of the route are not known")


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
    _add(interp, router, _route(methods, path, endpoint, site, websocket, keywords, raw, scope_path, plain))


def _verb(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    path = given.get(0, "path")
    methods = (name.upper(),) if name in VERBS else _methods(given.get(1, "methods"), given.site)
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
        _add(interp, router, IncludeEntry(child, prefix, given.site, given.keywords, tuple(child.entries)))
    elif isinstance(child, Unknown):
        interp.cannot_place(given.site, "router", "which router is included", child.reason)
    elif isinstance(child, (Instance, External, Method)):
        interp.cannot_place(
            given.site, "router", "its routes", f"it comes from outside this codebase ({_outside(child)})"
        )
    elif child is not None:
        interp.cannot_place(given.site, "router", "which routes it has", "what is included is not a router")


def _outside(value: Instance | External | Method) -> str:
    if isinstance(value, Method):
        return (
            _outside(value.receiver) + "." + value.name
            if isinstance(value.receiver, (Instance, External))
            else value.name
        )
    if isinstance(value, External):
        return value.name
    return value.cls.name if isinstance(value.cls, External) else value.cls.qualname


def _mount(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    path = _text(given.get(0, "host" if name == "host" else "path"))  # Starlette's: without the router's prefix
    app = given.get(1, "app")
    if isinstance(app, Unknown):
        interp.cannot_place(given.site, "application", "which application is mounted", app.reason)
    _add(interp, router, MountEntry(path, app, given.site, host=name == "host"))


def _frontend(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    path, prefix = _text(given.get(0, "path")), _text(router.prefix)
    if isinstance(prefix, str) and isinstance(path, str):
        path = prefix + path
    _add(interp, router, MountEntry(path, External("fastapi.frontend"), given.site))


def _middleware(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    if name == "add_middleware":
        router.middleware.append((given.get(0, "middleware_class"), given.site))
        return None
    return Method(router.middleware, "note")


def _exception_handler(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    if name == "add_exception_handler":
        router.handlers.append((given.get(1, "handler"), given.site))
        return None
    return Method(router.handlers, "note")


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


def _resource(interp: Runtime, router: Router, resource: Any, paths: list[str], site: Site, scope: Scope) -> None:
    cls = resource.cls if isinstance(resource, Instance) else resource
    if not isinstance(cls, ClassValue):
        return
    for path in paths:
        for verb in VERBS:
            method = class_attribute(interp, cls, verb, site, receiver=resource)
            if isinstance(method, FunctionValue):
                add_endpoint(interp, router, (verb.upper(),), path, method, site, False, {}, {}, scope.path)


def _nothing(interp: Runtime, router: Router, name: str, given: Arguments) -> Any:
    return External("functools.cache")  # as a decorator it gives back what it is given


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
    "exception_handler": _exception_handler,
    "add_exception_handler": _exception_handler,
    "add_resource": _add_resource,
    "on_event": _nothing,
    "__init__": _super_init,
}
