"""From names to an inventory: components, routes in the order they are tried, and what could not be read."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.sources import Sources
from fastapi_expert.codebase.interpret.values import (
    UNREAD,
    Dependency,
    Doubtful,
    External,
    IncludeEntry,
    Instance,
    MountEntry,
    RouteEntry,
    Router,
    Site,
    is_list,
)
from fastapi_expert.codebase.link.components import Catalogue
from fastapi_expert.codebase.link.coverage import Coverage, tests
from fastapi_expert.codebase.link.description import Description
from fastapi_expert.codebase.link.entrypoints import applications, run_all
from fastapi_expert.codebase.link.guards import guards_of
from fastapi_expert.codebase.link.incremental import LinkInputs
from fastapi_expert.codebase.link.protection.judge import Judge, Verdict, behind
from fastapi_expert.codebase.link.protection.switches import are_depended_on, disagreeing, may_turn, turned
from fastapi_expert.codebase.link.routes import (
    FlatRoute,
    answered_before,
    route_name,
    serve,
    unattached,
)
from fastapi_expert.codebase.model import FullInventory, Route, ServedRoute
from fastapi_expert.codebase.reach import counted
from fastapi_expert.codebase.resolve.libraries import Libraries
from fastapi_expert.codebase.resolve.names import Names
from fastapi_expert.codebase.vocabulary import is_test_path


@dataclass(frozen=True, slots=True)
class ServedMount:
    """Something that takes every path below ``path`` and is not an application of the codebase."""

    app: str
    path: str
    order: int
    path_file: str
    line: int


class RouteRow(NamedTuple):
    """One (method, path) as an application tries it: only what matching routes needs."""

    endpoint: str
    method: str
    path: str
    name: str
    app: str
    order: int
    site: Site
    websocket: bool
    guards: tuple[str, ...] = ()
    """What is asked of callers on the way, see :func:`.guards.guards_of`."""
    conditions: tuple[str, ...] = ()
    """Where the branches on its way stand that may not run, as `path:line`."""


def link(names: Names, *, live: bool = True, sources: Sources | None = None) -> "Linked":
    """Link every file of ``names``; ``live`` as in :func:`.routes.serve`, ``sources`` is where data files are read.

    Where a router stayed unknown, module level runs again with the function bodies that the facts left out.
    """
    interp = Interpreter(names, sources)
    run_all(interp)
    linked = Linked(interp, live=live)
    libraries = sources.libraries if sources is not None else None
    if libraries is not None:
        linked = _with_libraries(linked, names, sources, libraries, live)
        interp, names = linked.interp, linked.interp.names
    if interp.unread and (interp.unresolved_includes or linked.hangs_on_unread):
        behind, before = _around_routers(interp)
        deeper = Interpreter(names, sources, deeply=behind, deeply_from=before)
        run_all(deeper)
        looked_deeper = Linked(deeper, live=live)
        if looked_deeper.size >= linked.size:  # a deeper look that gave up must not hide what is known
            deeper.called |= interp.called  # what was seen there made us look deeper
            return looked_deeper
    return linked


def _around_routers(interp: Interpreter) -> tuple[frozenset[str], frozenset[str]]:
    """The files that make routers with those that they import, directly or not; and those that import one of the first,
    directly or not."""
    makers = {router.site.path for router in interp.routers if not is_test_path(router.site.path)}
    imported = {path: _imported(interp, path) for path in interp.files if not is_test_path(path)}
    importing: dict[str, list[str]] = {}
    for path, several in imported.items():
        for one in several:
            importing.setdefault(one, []).append(path)
    behind = _reached(makers, lambda path: imported.get(path) or _imported(interp, path))
    return behind, behind | _reached(makers, lambda path: importing.get(path, []))


def _reached(start: Iterable[str], further: Callable[[str], Iterable[str]]) -> frozenset[str]:
    found: set[str] = set()
    queue = list(start)
    while queue:
        path = queue.pop()
        if path not in found:
            found.add(path)
            queue += further(path)
    return frozenset(found)


def _imported(interp: Interpreter, path: str) -> list[str]:
    """The files that a file imports, in its functions too."""
    find, child = interp.names.modules.find, interp.names.modules.child
    found: list[str | None] = []
    for one in interp.imports_of(path):
        place = find(path, one.module)
        found += [place, child(place, one.name) if place is not None and one.name else None]
    return [one for one in found if one is not None and not one.endswith("/")]


MAX_ROUNDS = 5
"""How often a library may turn out to hang on another one."""


def _with_libraries(
    linked: "Linked", names: Names, sources: Sources | None, libraries: Libraries, live: bool
) -> "Linked":
    """Link again with the installed packages opened that registrations hang on, until none is missing."""
    for _ in range(MAX_ROUNDS):
        if not libraries.open_wanted(linked.interp.wanted):
            break
        interp = Interpreter(names.with_libraries(libraries), sources)
        run_all(interp)
        again = Linked(interp, live=live)
        if again.size < linked.size:  # a library that is not understood must not hide what is known
            break
        linked = again
    libraries.keep()
    return linked


class Linked:
    """What linking finds: which application serves which routes at once, the rest on first use."""

    def __init__(self, interp: Interpreter, *, live: bool) -> None:
        self.interp = interp
        self._live = live
        self.looked_into: frozenset[tuple[str, str]] = frozenset()
        """The functions that the inventory looked into beyond what linking does, once it is made."""
        self.grounds: LinkInputs | None = None
        """What was looked up for the inventory, as :attr:`link_inputs` has it for the rest."""
        self.router_ids: dict[int, str] = {}
        self._taken: dict[str, int] = {}
        for router in interp.routers:
            if not is_test_path(router.site.path) and not interp.names.is_library(router.site.path):
                self.router_ids[id(router)] = self._router_id(router)
        self._served = [(app, serve(interp, app, live=live)) for app in applications(interp)]
        self._flat = [route for _, one in self._served for route in one.routes]
        self._unattached = unattached(interp, self._flat, live=live)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The kind of every definition."""
        sources = self.interp.sources
        catalogue = Catalogue(self.interp.names, sources.body if sources is not None else None)
        for route in (*self._flat, *self._unattached):
            catalogue.mark_value(route.entry.endpoint, "endpoint", anywhere=True)
        self._mark(catalogue)
        return catalogue

    @property
    def size(self) -> int:
        """How many rows :attr:`table` has."""
        return sum(len(route.entry.methods) for route in self._flat if route.reach != "unattached")

    @property
    def hangs_on_unread(self) -> bool:
        """Whether what a registration lacks, or the path or a condition of a route, is what a function gives whose body
        was not read."""
        reasons = [one.reason for route in self._flat for one in (*route.conditions, *route.unknowns)]
        reasons += [one.reason for one in self.interp.unplaced]
        return any(UNREAD in reason for reason in reasons)

    @property
    def applications(self) -> list[Router]:
        """The applications of this codebase, in the order they were made."""
        return [app for app, _ in self._served]

    @cached_property
    def link_inputs(self) -> LinkInputs | None:
        """What was read so far; None when that was bodies that the facts leave out.

        The data files that were read are no part of it: see :attr:`Codebase.read_besides`.
        """
        return None if self.interp.deeply else self._inputs()

    def _inputs(self) -> LinkInputs:
        order = {path: position for position, path in enumerate(self.interp.modules)}
        tasks = self.catalogue.tasks
        helpers = {qualname.rpartition(".")[2] for _, qualname in tasks.starters}
        return LinkInputs(self.interp.names.read_set, self.interp.called, order, tasks.bodies, helpers)

    @cached_property
    def table(self) -> tuple[RouteRow, ...]:
        """Every route, in the order in which its application tries them."""
        rows: list[RouteRow] = []
        for app, one in self._served:
            for order, route in enumerate(one.routes):
                if route.reach == "unattached":
                    continue
                entry = route.entry
                endpoint, name = self.catalogue.id_of_value(entry.endpoint) or "", route_name(route)
                conditions = tuple([f"{one.site.path}:{one.site.line}" for one in route.conditions])
                rest = (
                    name,
                    self.router_ids[id(app)],
                    order,
                    entry.site,
                    entry.websocket,
                    guards_of(route),
                    conditions,
                )
                rows.extend([RouteRow(endpoint, method, route.path, *rest) for method in entry.methods])
        return tuple(rows)

    @cached_property
    def full_inventory(self) -> FullInventory:
        """The inventory."""
        names = self.interp.names
        names.looked_into = set()
        routes = self._expanded()
        self.looked_into, names.looked_into = frozenset(names.looked_into), None
        self._report_unserved()
        found = FullInventory(self.catalogue.components(), routes, tuple(self.interp.problems))
        self.grounds = self._inputs()
        return found

    def _expanded(self) -> tuple[ServedRoute, ...]:
        """Every route by every method, with who may call it and the tests that do."""
        covered = self._covered(self._flat)
        description = Description(self.catalogue)
        routes: list[ServedRoute] = []
        for app, one in self._served:
            for order, route in enumerate(one.routes):
                covering = covered.get(len(routes), ())
                routes.append(ServedRoute(description.of(route, covering), self.router_ids[id(app)], order))
        for order, route in enumerate(self._unattached):
            routes.append(ServedRoute(description.of(route, ()), self.router_ids[id(route.app)], order))
        self._add_routers()
        self.catalogue.add_aliases()
        verdicts = self._verdicts()
        found: list[ServedRoute] = []
        for one, route in zip(routes, (*self._flat, *self._unattached), strict=True):
            for method in route.entry.methods:
                verdict = verdicts[id(route), method]
                found.append(ServedRoute(_with_verdict(one, method, verdict), one.app, one.order))
        return tuple(found)

    def _verdicts(self) -> dict[tuple[int, str], Verdict]:
        """Who may call each route by each method, and the setting on which that hangs."""
        judge = Judge(self.interp, self.catalogue.classes)
        found = self._as_shipped(judge)
        for switch in judge.switches(self._flat):
            interp = self.interp.turned_by(switch.conditions)
            run_all(interp)
            other = Linked(interp, live=self._live)
            self.interp.called |= interp.called
            for route, method, verdict in self._otherwise(other, found):
                found[id(route), method] = turned(found[id(route), method], verdict, switch.setting)
        return found

    def _otherwise(
        self, other: "Linked", known: Mapping[tuple[int, str], Verdict]
    ) -> Iterator[tuple[FlatRoute, str, Verdict]]:
        """The verdicts of another linking over the routes of which it may tell something else than is ``known``."""
        modules, others = self.interp.modules, other.interp.modules
        apart = {name for path in modules.keys() & others.keys() for name in disagreeing(modules[path], others[path])}
        same = not apart or not are_depended_on(apart, self.interp.files.values())
        own = {_name(route, method): route for route, method in self._asked()}
        judge = Judge(other.interp, self.catalogue.classes)
        for route, method in other._asked():
            mine = own.get(_name(route, method))
            if mine is not None and may_turn(known[id(mine), method], mine, route, same=same):
                yield mine, method, judge.of(route, method)

    def _as_shipped(self, judge: Judge) -> dict[tuple[int, str], Verdict]:
        before = answered_before(self._flat)
        found: dict[tuple[int, str], Verdict] = {}
        for route, method in self._asked():
            verdict = judge.of(route, method)
            if (earlier := before.get((id(route), method))) is not None:
                verdict = behind(verdict, found[id(earlier), method], earlier.entry.site)
            found[id(route), method] = verdict
        return found

    def _asked(self) -> Iterator[tuple[FlatRoute, str]]:
        """Every route by every method."""
        return ((route, method) for route in (*self._flat, *self._unattached) for method in route.entry.methods)

    @cached_property
    def mounts(self) -> tuple[ServedMount, ...]:
        """What takes every path below its own and is not an application of this codebase."""
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
        """The same line run twice is the same component; another of the same name gets `@2`."""
        key = f"{base} {router.site.line}"
        if key not in self._taken:
            self._taken[base] = self._taken[key] = self._taken.get(base, 0) + 1
        number = self._taken[key]
        return base if number == 1 else f"{base}@{number}"

    def _mark(self, catalogue: Catalogue) -> None:
        catalogue.mark_tests()
        for router in self.interp.routers:
            if is_test_path(router.site.path):
                continue
            for entry in router.entries:
                if isinstance(entry, RouteEntry):
                    catalogue.mark_value(entry.endpoint, "endpoint")
            for value, _ in router.handlers:
                catalogue.mark_value(value, "exception_handler")
            for value, _ in router.middleware:
                catalogue.mark_value(_wrapped(value), "middleware")
        catalogue.mark_classes()
        catalogue.mark_table_values()
        catalogue.mark_tasks()
        catalogue.mark_dependencies()
        for router in self.interp.routers:
            if not is_test_path(router.site.path):
                self._mark_router_dependencies(catalogue, router)
        catalogue.mark_services()

    def _mark_router_dependencies(self, catalogue: Catalogue, router: Router) -> None:
        for given in (
            router.keywords,
            *[entry.keywords for entry in router.entries if not isinstance(entry, MountEntry)],
        ):
            listed = given.get("dependencies")
            for one in listed if is_list(listed) else ():
                if isinstance(one, Dependency):
                    catalogue.mark_value(one.call, "dependency")

    def _add_routers(self) -> None:
        seen: set[str] = set()
        for router in self.interp.routers:
            id_ = self.router_ids.get(id(router))
            if id_ is None or id_ in seen:
                continue
            seen.add(id_)
            self.catalogue.add_router(router, id_, self._router_uses(router))

    def _router_uses(self, router: Router) -> list[str]:
        uses: list[str] = []
        values: list[Any] = [_wrapped(value) for value, _ in (*router.middleware, *router.handlers)]
        for entry in router.entries:
            if isinstance(entry, RouteEntry):
                values.append(entry.endpoint)
            else:
                child = entry.child if isinstance(entry, IncludeEntry) else entry.app
                if id(child) in self.router_ids:
                    uses.append(self.router_ids[id(child)])
                elif isinstance(child, Router) and child not in self.interp.routers:
                    uses += self._router_uses(child)  # made for its place here: it is nobody's component
        for listed in (router.keywords.get("dependencies"),):
            values.extend(one.call for one in (listed if is_list(listed) else ()) if isinstance(one, Dependency))
        for value in values:
            id_ = self.catalogue.id_of_value(value)
            if id_ is not None:
                uses.append(id_)
        return uses

    # -- routes ---------------------------------------------------------------------------------------------------

    def _covered(self, flat: list[FlatRoute]) -> dict[int, list[str]]:
        coverage = Coverage(self.interp, flat, [route_name(route) for route in flat], self.catalogue.classes)
        found: dict[int, list[str]] = {}
        for path, function in tests(self.interp):
            id_ = self.catalogue.ids.get((path, function.qualname))
            if id_ is None:
                continue
            for index in coverage.routes_of(path, function):
                found.setdefault(index, []).append(id_)
        return found

    def _report_unserved(self) -> None:
        """Registrations that end in no route, and routers that no application is seen to include."""
        for one in self.interp.unplaced:
            self.interp.problem(one.site, f"{one.missing} is not known: {one.reason}; nothing is listed for it")
        alone: dict[int, list[FlatRoute]] = {}
        for route in self._unattached:
            alone.setdefault(id(route.app), []).append(route)
        for routes in alone.values():
            router = routes[0].app
            if router.hidden:
                continue
            what = f"{router.name or 'this router'} is included by no application that the text shows"
            if router.is_replaced:
                what = f"the name {router.name} is given to another application"
            self.interp.problem(router.site, f"{what}; {_listed(len(routes))} as unattached")
        self._report_hidden()
        self._report_doubtful()

    def _report_hidden(self) -> None:
        """Endpoints on routers that the text does not show."""
        behind: dict[int, tuple[Router, list[FlatRoute]]] = {}
        for route in (*self._flat, *self._unattached):
            for router in route.chain:
                if router.hidden:
                    behind.setdefault(id(router), (router, []))[1].append(route)
        for router, routes in behind.values():
            first = min((route.entry.site for route in routes if route.chain[-1] is router), default=router.site)
            paths = list(dict.fromkeys(route.path for route in routes))
            shown = ", ".join(paths[:3]) + (", …" if len(paths) > 3 else "")
            named = f"of {router.name}: " if router.name else ""
            several = "an endpoint" if len(routes) == 1 else f"{len(routes)} endpoints"
            self.interp.problem(first, f"the router of {several} is not known ({named}{shown}): {router.hidden}")

    def _report_doubtful(self) -> None:
        """Routes that are listed under a condition, or with a path that is not wholly known."""
        doubts: dict[tuple[Site, str], list[str]] = {}
        for route in self._flat:
            for condition in route.conditions:
                reason = f"reached under a condition that is not settled ({condition.reason})"
                doubts.setdefault((condition.site, reason), []).append(route.path)
            hidden = {router.site: router.hidden for router in route.chain if router.hidden}
            for unknown in route.unknowns:
                if hidden.get(unknown.site) == unknown.reason:
                    continue  # said already
                reason = f"the path or a prefix of it is not known: {unknown.reason}"
                doubts.setdefault((unknown.site, reason), []).append(route.path)
        for (site, reason), paths in doubts.items():
            shown = ", ".join(paths[:3]) + (", …" if len(paths) > 3 else "")
            self.interp.problem(site, f"{counted(len(paths), 'route')} ({shown}): {reason}")


def _name(route: FlatRoute, method: str) -> tuple[str, str, str, Site]:
    """What tells a route in one linking and in another."""
    return method, route.path, route_name(route), route.entry.site


def _listed(count: int) -> str:
    return "its route is listed" if count == 1 else f"its {count} routes are listed"


def _wrapped(value: Any) -> Any:
    """The class inside of `Middleware(Class, …)`, also where a condition decides whether it is there."""
    if isinstance(value, Doubtful):
        value = value.value
    if isinstance(value, Instance) and isinstance(value.cls, External):
        return value.attributes.get("0")
    return value


def _with_verdict(served: ServedRoute, method: str, verdict: Verdict) -> Route:
    protected = verdict.protection == "required"
    return replace(
        served.route,
        method=method,
        app=served.app,
        protected=protected,
        protection=verdict.protection,
        by=verdict.by,
        when=verdict.when,
        scopes=verdict.asked.scopes,
        callers=verdict.asked.callers,
        guards=verdict.asked.guards,
    )
