"""From names to an inventory: components, routes in the order they are tried, and what could not be known."""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from .components import Catalogue
from .dependencies import Need
from .edits import Reach
from .exercise import Exercise, tests
from .facts import Expr
from .interpreter import Interpreter
from .model import Component, Problem, Route
from .names import Names, Symbol
from .project import applications, run_all
from .roles import is_test
from .routes import FlatRoute, endpoint_name, registrations, serve
from .sources import Sources
from .values import (
    ClassValue,
    Dependency,
    External,
    FunctionValue,
    IncludeEntry,
    Instance,
    MountEntry,
    Partial,
    RouteEntry,
    Router,
    Site,
    is_list,
)


@dataclass(frozen=True, slots=True)
class ServedRoute:
    """A route and the app that serves it; ``order`` counts the routes of that app as it tries them."""

    route: Route
    app: str
    order: int


@dataclass(frozen=True, slots=True)
class ServedMount:
    """Something that takes every path below ``path`` and is no application of the codebase; ``order`` as of routes."""

    app: str
    path: str
    order: int
    path_file: str
    line: int


class RouteRow(NamedTuple):
    """One (method, path) as an application tries it: what matching routes needs, and no more."""

    endpoint: str
    method: str
    path: str
    name: str
    app: str
    order: int
    site: Site
    websocket: bool


class Whole(NamedTuple):
    """What only an inventory asks for, and costs as much again: uses, tests, protection, models of routes."""

    components: tuple[Component, ...]
    served: tuple[ServedRoute, ...]
    problems: tuple[Problem, ...]


def link(names: Names, *, live: bool = True, sources: Sources | None = None) -> "Linked":
    """Link every file of ``names``; ``live`` as in :func:`.routes.serve`, ``sources`` is where data files are read.

    Where a router stayed unknown, module level is run again with the function bodies that the facts left out.
    """
    at = Interpreter(names, sources)
    run_all(at)
    linked = Linked(at, live=live)
    if at.strays and at.unread:
        deeper = Interpreter(names, sources, deeply=True)
        run_all(deeper)
        looked_deeper = Linked(deeper, live=live)
        if len(looked_deeper.table) >= len(linked.table):  # a look that gave up on the way must not hide what is known
            return looked_deeper
    return linked


class Linked:
    """What linking finds: the kind of every definition and the table of routes at once, the rest when asked."""

    def __init__(self, at: Interpreter, *, live: bool) -> None:
        self.at = at
        self.catalogue = Catalogue(at.codebase)
        self.router_ids: dict[int, str] = {}
        self._taken: dict[str, int] = {}
        for router in at.routers:
            if not is_test(router.site.path):
                self.router_ids[id(router)] = self._router_id(router)
        self._served = [(app, serve(at, app, live=live)) for app in applications(at)]
        self._flat = [route for _, one in self._served for route in one.routes]
        for route in self._flat:
            self.catalogue.mark_value(route.entry.endpoint, "endpoint", anywhere=True)
        self._mark()

    @cached_property
    def reach(self) -> Reach | None:
        """What was looked at up to here; None when that was more than the facts, so that nobody may count on them."""
        if self.at.deeply or (self.at.sources is not None and self.at.sources.read):
            return None
        return Reach(self.at.codebase.asked, self.at.called, {path: at for at, path in enumerate(self.at.modules)})

    @cached_property
    def table(self) -> tuple[RouteRow, ...]:
        """Every route, in the order in which its application tries them."""
        rows: list[RouteRow] = []
        for app, one in self._served:
            for order, route in enumerate(one.routes):
                entry = route.entry
                endpoint, name = self._id_of(entry.endpoint) or "", self._name(route)
                at = (name, self.router_ids[id(app)], order, entry.site, entry.websocket)
                rows.extend([RouteRow(endpoint, method, route.path, *at) for method in entry.methods])
        return tuple(rows)

    @cached_property
    def whole(self) -> Whole:
        """The inventory."""
        exercised = self._exercised(self._flat)
        routes: list[ServedRoute] = []
        for app, one in self._served:
            for order, route in enumerate(one.routes):
                covering = exercised.get(len(routes), ())
                routes.append(ServedRoute(self._route(route, "", covering), self.router_ids[id(app)], order))
        self._add_routers()
        expanded = tuple(
            ServedRoute(_with_method(one.route, method), one.app, one.order)
            for one, route in zip(routes, self._flat, strict=True)
            for method in route.entry.methods
        )
        self._report_unserved(self._flat)
        return Whole(self.catalogue.components(), expanded, tuple(self.at.problems))

    @cached_property
    def mounts(self) -> tuple[ServedMount, ...]:
        """What takes every path below its own and is no application of this codebase."""
        return tuple(
            ServedMount(self.router_ids[id(app)], mount.path, mount.order, mount.site.path, mount.site.line)
            for app, one in self._served
            for mount in one.mounts
        )

    # -- components -----------------------------------------------------------------------------------------------

    def _router_id(self, router: Router) -> str:
        kind = "app" if router.is_app else "router"
        base = f"{kind}:{router.site.path}::{router.name or kind}"
        return self._unique(base, router)

    def _unique(self, base: str, router: Router) -> str:
        """The same line run twice is the same component; another of that name gets `@2`."""
        key = f"{base} {router.site.line}"
        if key not in self._taken:
            self._taken[base] = self._taken[key] = self._taken.get(base, 0) + 1
        number = self._taken[key]
        return base if number == 1 else f"{base}@{number}"

    def _mark(self) -> None:
        catalogue = self.catalogue
        catalogue.mark_tests()
        for router in self.at.routers:
            if is_test(router.site.path):
                continue
            for entry in router.entries:
                if isinstance(entry, RouteEntry):
                    catalogue.mark_value(entry.endpoint, "endpoint")
            for value, _ in router.handlers:
                catalogue.mark_value(value, "exception_handler")
            for value, _ in router.middleware:
                if isinstance(value, Instance) and isinstance(value.cls, External):  # Middleware(Class, …)
                    value = value.attributes.get("0")
                catalogue.mark_value(value, "middleware")
        catalogue.mark_classes()
        catalogue.mark_tasks()
        catalogue.mark_dependencies()
        for router in self.at.routers:
            if not is_test(router.site.path):
                self._mark_router_dependencies(router)
        catalogue.mark_services()

    def _mark_router_dependencies(self, router: Router) -> None:
        for given in (
            router.keywords,
            *[entry.keywords for entry in router.entries if not isinstance(entry, MountEntry)],
        ):
            listed = given.get("dependencies")
            for one in listed if is_list(listed) else ():
                if isinstance(one, Dependency):
                    self.catalogue.mark_value(one.call, "dependency")

    def _add_routers(self) -> None:
        seen: set[str] = set()
        for router in self.at.routers:
            id_ = self.router_ids.get(id(router))
            if id_ is None or id_ in seen:
                continue
            seen.add(id_)
            self.catalogue.add_router(router, id_, self._router_uses(router))

    def _router_uses(self, router: Router) -> list[str]:
        uses: list[str] = []
        values: list[Any] = [value for value, _ in (*router.middleware, *router.handlers)]
        for entry in router.entries:
            if isinstance(entry, RouteEntry):
                values.append(entry.endpoint)
            else:
                child = entry.child if isinstance(entry, IncludeEntry) else entry.app
                if id(child) in self.router_ids:
                    uses.append(self.router_ids[id(child)])
        for listed in (router.keywords.get("dependencies"),):
            values.extend(one.call for one in (listed if is_list(listed) else ()) if isinstance(one, Dependency))
        for value in values:
            id_ = self._id_of(value)
            if id_ is not None:
                uses.append(id_)
        return uses

    def _id_of(self, value: Any) -> str | None:
        while isinstance(value, Partial):
            value = value.function
        if isinstance(value, Instance):
            value = value.cls
        if not isinstance(value, (FunctionValue, ClassValue)):
            return None
        ids = self.catalogue.ids
        return ids.get((value.path, value.qualname)) or ids.get((value.path, value.qualname.partition(".")[0]))

    # -- routes ---------------------------------------------------------------------------------------------------

    def _exercised(self, flat: list[FlatRoute]) -> dict[int, list[str]]:
        exercise = Exercise(self.at, flat, [self._name(route) for route in flat])
        found: dict[int, list[str]] = {}
        for path, function in tests(self.at):
            id_ = self.catalogue.ids.get((path, function.qualname))
            if id_ is None:
                continue
            for index in exercise.routes_of(path, function):
                found.setdefault(index, []).append(id_)
        return found

    def _name(self, route: FlatRoute) -> str:
        named = route.entry.keywords.get("name")
        return named if isinstance(named, str) else endpoint_name(route.entry.endpoint)

    def _route(self, route: FlatRoute, method: str, covering: "list[str] | tuple[str, ...]") -> Route:
        entry = route.entry
        endpoint = self._id_of(entry.endpoint) or ""
        dependencies, protected = self._dependencies(route)
        function = self._function(entry.endpoint)
        request_models: tuple[str, ...] = ()
        response = self._model(entry.scope_path, entry.raw.get("response_model"))
        if function is not None:
            path, facts = function
            request_models = self._request_models(path, facts)
            if response is None and "response_model" not in entry.keywords:
                response = next(iter(self._models(path, facts.returns)), None)
        status = entry.keywords.get("status_code")
        return Route(
            method=method,
            path=route.path,
            name=self._name(route),
            endpoint=endpoint,
            path_file=entry.site.path,
            line=entry.site.line,
            dependencies=dependencies,
            request_models=request_models,
            response_model=response,
            status_code=status_code(status),
            tags=tuple(dict.fromkeys(route.tags)),
            protected=protected,
            tests=tuple(sorted(set(covering))),
            websocket=entry.websocket,
        )

    def _function(self, value: Any) -> "tuple[str, Any] | None":
        while isinstance(value, Partial):
            value = value.function
        if not isinstance(value, FunctionValue):
            return None
        facts = self.at.codebase.function(value.path, value.qualname)
        return (value.path, facts) if facts is not None else None

    def _dependencies(self, route: FlatRoute) -> tuple[tuple[str, ...], bool]:
        """The ids along the chain, application first, and whether any asks for credentials."""
        found: dict[str, None] = {}
        protected = False
        graph = self.catalogue.dependencies
        for one in route.dependencies:
            id_ = self._id_of(one.call)
            if id_ is not None:
                found[id_] = None
            protected = protected or self._value_protects(one.call)
        function = self._function(route.entry.endpoint)
        needs = list(graph.of_function(*function)) if function is not None else []
        if function is not None and function[1].owner:  # a class-based view: what its attributes and __init__ need
            needs.extend(self._class_needs(function[0], function[1].owner))
        for need in needs:
            symbol = graph.target(need)
            id_ = self.catalogue.id_of(symbol) if symbol is not None else None
            if id_ is not None:
                found[id_] = None
            protected = protected or graph.protects(need)
        return tuple(found), protected

    def _class_needs(self, path: str, owner: str) -> list[Need]:
        names, graph = self.at.codebase, self.catalogue.dependencies
        found: list[Need] = []
        places = [(path, owner), *[(one.path, one.name) for one in names.ancestors(path, owner) if one.kind == "class"]]
        for where, qualname in places:
            facts = names.class_(where, qualname)
            for field in facts.fields if facts is not None else ():
                in_default = list(graph.in_expr(where, field.default_expr)) if field.default else []
                annotation = field.annotation_expr if field.annotation_expr is not None else field.annotation or None
                found.extend(in_default or graph.in_expr(where, annotation))
            init = names.function(where, f"{qualname}.__init__")
            if init is not None:
                found.extend(graph.of_function(where, init))
        return found

    def _value_protects(self, value: Any) -> bool:
        graph = self.catalogue.dependencies
        while isinstance(value, Partial):
            value = value.function
        if isinstance(value, Instance):
            if any(value.attributes.get(name) is False for name in ("auto_error", "required")):
                return False
            value = value.cls
        if isinstance(value, External):
            return graph.symbol_protects(Symbol("external", "", value.name))
        if isinstance(value, FunctionValue):
            return graph.symbol_protects(Symbol("function", value.path, value.qualname))
        if isinstance(value, ClassValue):
            return graph.symbol_protects(Symbol("class", value.path, value.qualname))
        return False

    def _request_models(self, path: str, function: Any) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for param in function.params:
            if "Depends" in param.default or "Depends(" in param.annotation or "Security(" in param.annotation:
                continue
            for id_ in self._models(path, param.annotation):
                found[id_] = None
        return tuple(found)

    def _models(self, path: str, text: str) -> list[str]:
        """The ids of the schemas and tables that an annotation names."""
        found: list[str] = []
        for name in re.findall(r"[A-Za-z_][\w.]*", text):
            symbol = self.at.codebase.resolve(path, name)
            if symbol is not None and symbol.kind == "class":
                id_ = self.catalogue.ids.get((symbol.path, symbol.name))
                if id_ is not None and id_.startswith(("schema:", "table:")):
                    found.append(id_)
        return found

    def _model(self, path: str, expr: Expr) -> str | None:
        """The id of the model in a response annotation, the outermost of this codebase."""
        stack = [expr]
        while stack:
            one = stack.pop(0)
            if isinstance(one, str):
                found = self._models(path, one)
                if found:
                    return found[0]
            elif one and one[0] in ("i", "b", "l", "s"):
                if one[0] == "s":
                    stack.append(one[1])
                elif one[0] == "l":
                    stack.extend(one[1])
                else:
                    stack.extend(one[1:] if one[0] == "i" else one[2:])
        return None

    def _report_unserved(self, flat: list[FlatRoute]) -> None:
        """Registrations that no application serves: a router that nobody includes, or not where the text shows it."""
        if not flat:
            return
        served = {id(route.entry) for route in flat}
        sites = {route.entry.site for route in flat}
        for router in self.at.routers:
            if is_test(router.site.path) or id(router) not in self.router_ids:
                continue
            own = [one for one in router.entries if isinstance(one, RouteEntry)]
            if own and not any(id(one) in served or one.site in sites for one in own):
                what = f"{router.name or 'this router'} is included by no application that the text shows"
                self.at.problem(router.site, f"{what}; its {len(registrations(router))} routes are not listed")


_STATUS = re.compile(r"HTTP_(\d{3})_")


def status_code(value: Any) -> int | None:
    """`201`, `status.HTTP_201_CREATED` or `HTTPStatus.CREATED`."""
    if isinstance(value, int):
        return value
    if isinstance(value, External):
        found = _STATUS.search(value.name)
        if found is not None:
            return int(found[1])
        if ".HTTPStatus." in value.name or value.name.startswith("http.HTTPStatus"):
            from http import HTTPStatus

            return HTTPStatus.__members__.get(value.name.rpartition(".")[2], None)
    return None


def _with_method(route: Route, method: str) -> Route:
    return replace(route, method=method)
