"""One row a route: who can reach it, by what, with which scopes, and whether the user chooses the rows."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.link.protection.refusals import Refusals
from fastapi_expert.codebase.model import Evidence, Protection, Route, Shipped
from fastapi_expert.contract.access.own_checks import own_checks
from fastapi_expert.contract.access.owner import Owner, owner_of
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project, ServedEndpoint
from fastapi_expert.review.rules.access.admin_for_everybody import RULE as ADMIN_FOR_EVERYBODY
from fastapi_expert.review.rules.access.anybodys_row import RULE as ANYBODYS_ROW
from fastapi_expert.review.rules.access.open_among_protected import RULE as OPEN_AMONG_PROTECTED
from fastapi_expert.review.versions import Versions

_ODD = {
    OPEN_AMONG_PROTECTED: "open among protected siblings",
    ADMIN_FOR_EVERYBODY: "an administrator's path for every signed-in user",
    ANYBODYS_ROW: "a row by its id, the user never asked",
}
_AROUND = ("middleware", "authentication backend", "requires()")
"""Links of the evidence that stand around the route: the guards on its way are dependencies alone."""


@dataclass(frozen=True, slots=True)
class AccessRow:
    """Who can reach one route.

    ``by`` is the chain that makes the verdict, ``guards`` are the names of everything on the way that may refuse.
    ``odd`` says why the route stands out among the others, empty where it does not.
    """

    app: str
    method: str
    path: str
    protection: Protection
    by: tuple[Evidence, ...]
    guards: tuple[str, ...]
    scopes: tuple[str, ...]
    owner: Owner
    when: Shipped | None
    reach: str
    file: str
    line: int
    endpoint: str
    is_library: bool
    """Whether its endpoint is an installed library's; it stands where the project brings it in."""
    odd: str = ""

    @property
    def name(self) -> str:
        """`DELETE /items/{id}`."""
        return f"{self.method} {self.path}"


def access(codebase: Codebase) -> tuple[AccessRow, ...]:
    """The rows of every application, by application, path and method; routes that nothing serves are among them."""
    return tuple(sorted(_Rows(codebase), key=lambda one: (one.app, one.path, one.method, one.file, one.line)))


class _Rows:
    def __init__(self, codebase: Codebase) -> None:
        self._codebase = codebase
        self._project = Project(codebase, Versions(codebase.root))
        self._refusals = Refusals(codebase.names)
        self._odd = dict(_odd(self._project))
        self._owners: dict[tuple[str, Protection, tuple[str, ...]], Owner] = {}
        self._checks: dict[int, list[tuple[str, tuple[str, ...]]]] = {}

    def __iter__(self) -> Iterator[AccessRow]:
        for served in self._codebase.served:
            route = served.route
            path, _, qualname = route.endpoint.partition(":")[2].partition("::")
            function = self._project.modules.function(path, qualname) if qualname else None
            yield self._row(route, served.app, function)

    def _row(self, route: Route, app: str, function: Function | None) -> AccessRow:
        checks = self._own_checks(function) if function is not None else []
        guards = [one.what.removeprefix("dependency ") for one in route.guards]
        guards += [one.what for one in route.by if one.what.startswith(_AROUND)]
        guards += [name for name, _ in checks]
        scopes = {*route.scopes, *[text for _, texts in checks for text in texts]}
        return AccessRow(
            app=app,
            method=route.method,
            path=route.path,
            protection=route.protection,
            by=route.by,
            guards=tuple(dict.fromkeys(guards)),
            scopes=tuple(sorted(scopes)),
            owner=self._owner(ServedEndpoint(route, app, function)),
            when=route.when,
            reach=route.reach,
            file=route.via[0] if route.via is not None else route.path_file,
            line=route.via[1] if route.via is not None else route.line,
            is_library=route.via is not None,
            endpoint=route.endpoint,
            odd=self._odd.get(route.endpoint.partition(":")[2], ""),
        )

    def _owner(self, served: ServedEndpoint) -> Owner:
        route = served.route
        key = (route.endpoint, route.protection, route.callers)
        if key not in self._owners:
            self._owners[key] = owner_of(self._project, served)
        return self._owners[key]

    def _own_checks(self, function: Function) -> list[tuple[str, tuple[str, ...]]]:
        found = self._checks.get(id(function))
        if found is None:
            found = self._checks[id(function)] = list(own_checks(self._project, self._refusals, function))
        return found


def _odd(project: Project) -> Iterator[tuple[str, str]]:
    """`path::qualname` of an endpoint and what is odd about who may call it, by the rules that say so."""
    by_file: dict[str, list[Function]] = defaultdict(list)
    for function in project.endpoints:
        by_file[function.path].append(function)
    for rule, text in _ODD.items():
        for finding in rule.look(project, rule):
            for function in by_file[finding.path]:
                if function.facts.start_line <= finding.line <= function.facts.end_line:
                    yield f"{function.path}::{function.facts.qualname}", text
