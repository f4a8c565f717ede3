"""The true table in the place of the one that was read, with what only the text tells; and how the two differ."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from fastapi_expert.codebase.model import Component, Evidence, Inventory, Problem, Route
from fastapi_expert.codebase.vocabulary import WEBSOCKET
from fastapi_expert.witness.model import Place, TrueRoute, TrueTable

Key = tuple[str, str, str]
"""Method, path and host."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A route on which the text and the running application do not agree.

    ``kind`` is `import` where the application alone has it, `text` where the text alone says it is served,
    `endpoint` where another function answers, and `protection` where a scheme of FastAPI refuses strangers and the text
    does not say so. ``said`` is what the text says of it.
    """

    kind: Literal["import", "text", "endpoint", "protection"]
    method: str
    path: str
    place: Place
    said: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both views of one application. ``app`` is its id, ``inventory`` has the true table in it.

    ``settled`` are routes that the text says are served under a condition, which did not hold.
    """

    app: str
    inventory: Inventory
    differences: tuple[Difference, ...]
    settled: tuple[Route, ...]


def compare(inventory: Inventory, table: TrueTable) -> Comparison:
    """Put what the application said of itself beside, and into, what was read."""
    return _Comparing(inventory, table).comparison()


class _Comparing:
    def __init__(self, inventory: Inventory, table: TrueTable) -> None:
        self.inventory = inventory
        self.table = table
        self.app = _application(inventory, table)
        self.read = list(inventory.routes)
        self.by_key: defaultdict[Key, list[Route]] = defaultdict(list)
        self.by_place: defaultdict[tuple[str, str, str], list[Route]] = defaultdict(list)
        for route in self.read:
            self.by_key[_key(route)].append(route)
            self.by_place[route.method, route.path_file, _last(_qualname(route))].append(route)
        self.components = {(one.path, one.qualname): one for one in inventory.components}
        self.used: set[int] = set()
        self.differences: list[Difference] = []

    def comparison(self) -> Comparison:
        true_keys = {(one.method, one.path, one.host) for one in self.table.routes}
        merged = [self._merged(one) for one in self.table.routes]
        rest = [route for route in self.read if id(route) not in self.used]
        settled = [route for route in rest if self._is_asked(route) and route.reach == "conditional"]
        for route in rest:
            if self._is_asked(route) and route.reach == "served" and _key(route) not in true_keys:
                place = Place(route.path_file, route.line)
                self.differences.append(Difference("text", route.method, route.path, place, f"served by {route.name}"))
        left = [
            replace(route, source="text") for route in rest if route not in settled and _key(route) not in true_keys
        ]
        other = [
            replace(route, source="text") for route in rest if not self._is_asked(route) and _key(route) in true_keys
        ]
        inventory = replace(self.inventory, routes=(*merged, *left, *other))
        return Comparison(self.app, inventory, tuple(self.differences), tuple(settled))

    def _is_asked(self, route: Route) -> bool:
        return route.app == self.app and route.reach != "unattached"

    def _merged(self, true: TrueRoute) -> Route:
        """The route as it is, with the facts of the text where the text has it."""
        found = self._read(true)
        if found is None:
            return self._unread(true)
        self.used.add(id(found))
        self._compare(found, true)
        known = replace(
            found,
            tags=true.tags,
            status_code=true.status_code if true.status_code is not None else found.status_code,
            response_model=found.response_model or self._model(true.response_model),
            app=self.app,
            host=true.host,
            reach="served",
            source="both",
        )
        return _protected(known, true) if true.refusing else known

    def _read(self, true: TrueRoute) -> Route | None:
        """The route of the text with this method and path: of this application, of none that is seen, of another."""
        same = [route for route in self.by_key[true.method, true.path, true.host] if id(route) not in self.used]
        if not same:
            return None
        own = [route for route in same if route.app == self.app]
        alone = [route for route in same if route.reach == "unattached"]
        chosen = own or alone or [route for route in same if _same_function(route, true)]
        return next((route for route in chosen if _same_function(route, true)), chosen[0] if chosen else None)

    def _compare(self, read: Route, true: TrueRoute) -> None:
        if true.file is not None and read.endpoint and not _same_function(read, true):
            place = Place(true.file, true.line or 1)
            said = f"{read.name} at {read.path_file}:{read.line}"
            self.differences.append(Difference("endpoint", true.method, true.path, place, said))
        if true.refusing and read.protection in ("none", "optional"):  # unknown is no claim
            place = Place(read.path_file, read.line)
            said = f"{read.protection}; {', '.join(true.refusing)} refuses"
            self.differences.append(Difference("protection", true.method, true.path, place, said))

    def _unread(self, true: TrueRoute) -> Route:
        """A route that the text does not have: what it knows of the function, with the true path."""
        place = self._place(true)
        if (true.method, true.path, true.host) not in {_key(route) for route in self.read}:
            self.differences.append(Difference("import", true.method, true.path, place, self._said(true)))
        known = self._function(true)
        dependencies = [self.components.get((path, name.replace(".<locals>", ""))) for path, name, _ in true.injected]
        facts = known or Route(true.method, true.path, true.name, "", place.path, place.line)
        endpoint = self.components.get((place.path, true.qualname))
        made = replace(
            facts,
            path=true.path,
            name=true.name or facts.name,
            endpoint=facts.endpoint or (endpoint.id if endpoint is not None else ""),
            dependencies=facts.dependencies or tuple(dict.fromkeys(one.id for one in dependencies if one is not None)),
            response_model=facts.response_model or self._model(true.response_model),
            status_code=true.status_code if true.status_code is not None else facts.status_code,
            tags=true.tags,
            websocket=true.method == WEBSOCKET,
            app=self.app,
            host=true.host,
            reach="served",
            source="import",
        )
        if true.refusing:
            return _protected(made, true)
        if made.protection == "required":
            return made
        return replace(made, protection="unknown", protected=False)  # what stands around it was not read

    def _function(self, true: TrueRoute) -> Route | None:
        """What the text says of the function, under a path that it does not wholly know or wrongly says."""
        rows = self.by_place[true.method, true.file or "", _last(true.qualname)] if true.file else []
        free = [route for route in rows if id(route) not in self.used]
        found = next((route for route in free if route.reach == "unattached"), None)
        if found is not None:
            self.used.add(id(found))
        return found or next(iter(free), None)

    def _place(self, true: TrueRoute) -> Place:
        component = self.components.get((true.file or "", true.qualname))
        if true.file is not None and (true.line is not None or component is not None):
            return Place(true.file, true.line or (component.line if component is not None else 1))
        if true.library_file is not None:
            return Place(f"site-packages/{true.library_file}", true.line or 1)
        return Place(self.table.application.file or self.table.application.module, 1)

    def _said(self, true: TrueRoute) -> str:
        """What the text says of a route that it does not list: its function elsewhere, a problem, or nothing."""
        if true.file is None:
            return "nothing: an installed library has it"
        rows = self.by_place[true.method, true.file, _last(true.qualname)]
        row = next((route for route in rows if route.reach == "unattached"), next(iter(rows), None))
        problem = _nearest(self.inventory.problems, true)
        because = f"; {problem.path}:{problem.line} {problem.message}" if problem is not None else ""
        if row is not None:
            return f"{row.reach} as {row.path}{because if row.reach == 'unattached' else ''}"
        return because.removeprefix("; ") or "nothing"

    def _model(self, name: str | None) -> str | None:
        """The id of the one schema or table of this name, else the name."""
        found = [one for one in self.inventory.components if one.name == name and one.kind in ("schema", "table")]
        return found[0].id if len(found) == 1 else name


def _application(inventory: Inventory, table: TrueTable) -> str:
    """The id of the application of the text that was asked: the one that most of its routes are said to be of."""
    true = {(one.method, one.path, one.host) for one in table.routes}
    apps = {one.id: one for one in inventory.components if one.kind == "app"}
    hits: defaultdict[str, set[Key]] = defaultdict(set)
    for route in inventory.routes:
        if route.app in apps and _key(route) in true:
            hits[route.app].add(_key(route))
    asked = table.application
    chosen = max(apps, key=lambda app: (len(hits[app]), _fits(apps[app], asked.file, asked.attribute)), default=None)
    if chosen is not None and (hits[chosen] or any(_fits(apps[chosen], asked.file, asked.attribute))):
        return chosen
    return f"app:{asked.file or asked.module}::{asked.attribute or 'app'}"


def _fits(app: Component, file: str | None, attribute: str) -> tuple[bool, bool]:
    return app.path == file, app.path == file and app.name == attribute


def _key(route: Route) -> Key:
    return route.method, route.path, route.host


def _qualname(route: Route) -> str:
    return route.endpoint.partition("::")[2].partition("@")[0] or route.name


def _last(qualname: str) -> str:
    return qualname.rpartition(".")[2]


def _same_function(read: Route, true: TrueRoute) -> bool:
    """Whether both mean one function: by file and name, or by where it stands (a decorator may rename it)."""
    if true.file is None or read.path_file != true.file:
        return False
    return _last(_qualname(read)) == _last(true.qualname) or abs(read.line - (true.line or 0)) <= 3


def _protected(route: Route, true: TrueRoute) -> Route:
    by = tuple(Evidence(route.path_file, route.line, f"{one}, as imported") for one in dict.fromkeys(true.refusing))
    if route.protection == "required":
        return route
    return replace(route, protection="required", protected=True, by=(*route.by, *by))


def _nearest(problems: Sequence[Problem], true: TrueRoute) -> Problem | None:
    """The problem of the function's own file that stands nearest to it."""
    own: Iterable[Problem] = (one for one in problems if one.path == true.file)
    return min(own, key=lambda one: abs(one.line - (true.line or 1)), default=None)
