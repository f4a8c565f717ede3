"""FX101, FX102 and FX103: routes that can never be reached, and handlers that another path has already.

A draft's router is not included anywhere yet, so its paths lack what including adds. A draft's route is there already
when a served path is the same, or the same below a prefix that is this API's own (`/api/v1`).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.templates import canonical, catches, literal_segments, segments
from fastapi_expert.codebase.vocabulary import ROUTE_DECORATORS, VERBS, WEBSOCKET, is_test_path
from fastapi_expert.duplicates.model import Action, Finding, Place, Rule, Similar
from fastapi_expert.duplicates.records.extract import decorator_name
from fastapi_expert.duplicates.records.model import RouteRecord
from fastapi_expert.duplicates.rules.base import Advice, Case, Family, FunctionRule, Group, Remark, Survey
from fastapi_expert.duplicates.store.library import Library
from fastapi_expert.duplicates.store.overlay import AddedFile
from fastapi_expert.duplicates.wording import listed, place

_API_SEGMENT = re.compile(r"(?:api|rest|v\d+(?:\.\d+)?|latest|backend|server)\Z", re.IGNORECASE)
SHARED = 0.4
"""The share of an application's routes that makes a prefix its own."""
TELLING = 2
"""Literal segments of a path that say enough where nobody knows yet below what its router will be."""
FIRST = 2.0
"""How much the endpoint that answers a draft's route has to say: more than any body that is merely alike."""


def _second_path(group: Group) -> Advice | None:
    """A second decorator serves the same answer to the same callers, so all but the path must be the same."""
    if group.differences or len({one.path for one in group.members}) > 1:
        return None
    there = f"`{group.keep.qualname}` ({place(group.keep)})"
    return Advice(f"Put this path on {there} as a second decorator.", "merge")


SAME_ROUTE = Rule(
    "FX101",
    "same route twice",
    "A method and path that an earlier route already answers",
    "routes",
    verdict="duplicate",
    is_fault=True,
)
SHADOWED = Rule(
    "FX102",
    "shadowed route",
    "A path that an earlier, more general path of the same method catches",
    "routes",
    is_fault=True,
)
SAME_HANDLER = FunctionRule(
    "FX103",
    "same handler elsewhere",
    "An endpoint whose body another path already has",
    "routes",
    kind="endpoint",
    only_equal=True,
    advise=_second_path,
)


def _survey(survey: Survey) -> Iterator[Finding]:
    """A finding for every route that an earlier one of the same application answers."""
    tables: dict[tuple[str, str], list[RouteRecord]] = {}
    for route in survey.records.routes:
        tables.setdefault((route.app, route.method), []).append(route)
    caught: dict[tuple[str, int, str, int], Caught] = {}
    for table in tables.values():
        table.sort(key=lambda route: route.order)
        for earlier, later in _unreachable(table):  # what two mounts of one router have in common is said once
            if not _comes_with(earlier, later):
                continue
            caught.setdefault((earlier.endpoint, earlier.line, later.endpoint, later.line), (earlier, later))
    again: dict[str, list[Caught]] = {}
    for earlier, later in caught.values():
        if earlier.endpoint == later.endpoint and earlier.line == later.line:
            again.setdefault(later.path_file, []).append((earlier, later))
        else:
            yield _finding_on(earlier, later)
    for pairs in again.values():
        yield _finding_on(*pairs[0]) if len(pairs) == 1 else _included_twice([later for _, later in pairs])


def _included_twice(routes: Sequence[RouteRecord]) -> Finding:
    """The routes of one file that their applications have twice, by the same decorators: one cause, one finding."""
    first = routes[0]
    shown = listed([f"`{one.method} {one.path}`" for one in routes], limit=2)
    return Finding(
        SAME_ROUTE,
        1.0,
        f"{len(routes)} routes of {first.path_file} are registered twice with the same handlers: {shown}",
        "Include their router once: the routes of the second include are never reached.",
        "merge",
        tuple(map(_as_place, routes)),
        len(routes),
    )


Caught = tuple[RouteRecord, RouteRecord]
"""A route, and a later one of the same table that it catches."""


def _comes_with(earlier: RouteRecord, later: RouteRecord) -> bool:
    """Whether ``earlier`` is registered wherever ``later`` is: not where its own code chooses between branches."""
    if any(one.rpartition(":")[0] == earlier.path_file for one in earlier.conditions):
        return False
    return set(earlier.conditions) <= set(later.conditions)


def _unreachable(table: Sequence[RouteRecord]) -> Iterator[Caught]:
    """Routes of one application and method, in the order in which they are tried."""
    first_with: dict[str, RouteRecord] = {}
    general: list[RouteRecord] = []
    for route in table:
        key = canonical(route.path)
        twin = first_with.setdefault(key, route)
        if twin is not route:
            yield twin, route
            continue
        catcher = next((earlier for earlier in general if catches(earlier.path, route.path)), None)
        if catcher is not None:
            yield catcher, route
        if "{" in route.path:
            general.append(route)


def _finding_on(earlier: RouteRecord, later: RouteRecord) -> Finding:
    """``later`` is a route that ``earlier`` catches."""
    same = canonical(earlier.path) == canonical(later.path)
    return _registered_twice(earlier, later) if same else _shadowed(earlier, later)


def _as_place(route: RouteRecord) -> Place:
    return Place(route.endpoint, "endpoint", route.path_file, route.line, max(route.end_line, route.line))


def _where(route: RouteRecord) -> str:
    return f"{route.path_file}:{route.line}"


def _registered_twice(earlier: RouteRecord, later: RouteRecord) -> Finding:
    if earlier.endpoint == later.endpoint:
        message = f"`{later.method} {later.path}` is registered twice with the same handler `{later.name}`"
        advice = f"Remove one registration: the decorator at {_where(later)}, or the second include of its router."
    else:
        message = (
            f"`{later.method} {later.path}` ({later.name}) is never reached: "
            f"`{earlier.name}` ({_where(earlier)}) answers `{earlier.method} {earlier.path}` first"
        )
        advice = (
            f"Delete it, move what it adds into `{earlier.name}` ({_where(earlier)}), or give it a path of its own."
        )
        if earlier.guards != later.guards:
            message += "; their routers do not ask the same of callers"
    return _unreached(SAME_ROUTE, message, advice, "merge", earlier, later)


def _shadowed(earlier: RouteRecord, later: RouteRecord) -> Finding:
    return _unreached(
        SHADOWED,
        f"`{later.method} {later.path}` ({later.name}) is never reached: "
        f"`{earlier.path}` ({earlier.name}, {_where(earlier)}) catches it first",
        f"Register `{later.path}` before `{earlier.path}` ({_where(earlier)}), or narrow that one with a converter.",
        "reorder",
        earlier,
        later,
    )


def _unreached(
    rule: Rule, message: str, advice: str, action: Action, earlier: RouteRecord, later: RouteRecord
) -> Finding:
    saves = max(1, later.end_line - later.line + 1)
    return Finding(rule, 1.0, message, advice, action, (_as_place(later), _as_place(earlier)), saves)


class DraftRoute(NamedTuple):
    """A route as the draft's own text says it."""

    method: str
    path: str
    name: str
    line: int
    end_line: int
    router: str


def _routes_of(draft: FileFacts) -> Iterator[DraftRoute]:
    """Routes made by decorators with a literal path, on routers whose prefix the draft says."""
    prefixes = dict(_prefixes(draft.body))
    for function in draft.functions:
        for decorator in function.decorators:
            router, _, verb = decorator_name(decorator).rpartition(".")
            call = ir.match(decorator, ir.Call)
            path = _path(call) if router and call is not None else None
            if call is None or path is None or verb not in ROUTE_DECORATORS:
                continue
            for method in _methods(call, verb):
                full = prefixes.get(router, "") + path
                yield DraftRoute(method, full, function.name, function.line, function.end_line, router)


def _telling_routes(file: AddedFile) -> Sequence[DraftRoute]:
    """The routes of another file whose paths say enough without the prefix that they may get there."""
    return [one for one in _routes_of(file.facts) if literal_segments(one.path) >= TELLING]


def _prefixes(body: ir.Block) -> Iterator[tuple[str, str]]:
    for name, call in _made(body):
        prefix = ir.text_of(dict(call.keywords).get("prefix"))
        if "Router" in decorator_name(call) and prefix is not None:
            yield name, prefix


def _apps(body: ir.Block) -> Iterator[str]:
    """The applications that a file makes: what they answer is another table."""
    return (name for name, call in _made(body) if decorator_name(call).rpartition(".")[2] == "FastAPI")


def _made(body: ir.Block) -> Iterator[tuple[str, ir.Call]]:
    """The names that a file gives to what a call makes."""
    for statement in body:
        made = ir.match(statement, ir.Assign)
        call = ir.match(made.value, ir.Call) if made is not None else None
        if made is not None and call is not None and isinstance(made.target, str):
            yield made.target, call


def _path(call: ir.Call) -> str | None:
    return ir.text_of(call.args[0] if call.args else dict(call.keywords).get("path"))


def _methods(call: ir.Call, verb: str) -> list[str]:
    if verb in VERBS:
        return [verb.upper()]
    if verb.startswith("websocket"):
        return [WEBSOCKET]
    listed = ir.match(dict(call.keywords).get("methods"), ir.Display)
    if listed is None:
        return ["GET"]
    return [text.upper() for item in listed.items if (text := ir.text_of(item)) is not None]


def _judge(case: Case) -> Iterator[Remark]:
    """A finding for every new route of the draft that is served already, and the endpoint that serves it."""
    draft, before, overlay = case.draft, case.before, case.overlay
    if not any(function.decorators for function in draft.functions) or is_test_path(draft.path):
        return
    mine = list(_routes_of(draft))
    if not mine:
        return
    old = {(one.name, one.method, segments(one.path)) for one in (_routes_of(before) if before else ())}
    standing = [one for one in mine if (one.name, one.method, segments(one.path)) in old]
    together = case.imports.are_linked
    tables = {route.app for route in overlay.library.routes if route.path_file == draft.path and route.app}
    served = [
        route
        for route in overlay.library.routes
        if route.path_file not in overlay.removed
        and together(route.path_file, draft.path)
        and (not tables or not route.app or route.app in tables)  # another application answers under another address
    ]
    served += [_record(one, draft.path) for one in standing if literal_segments(one.path) >= TELLING]
    served += [
        _record(one, file.facts.path)
        for file in overlay.added
        for one in file.derived(_telling_routes)
        if together(file.facts.path, draft.path)
    ]
    hidden: list[DraftRoute] = []
    for earlier, later in _within(mine, standing):
        hidden.append(later)
        first = _record(earlier, draft.path)
        yield Remark(_finding_on(first, _record(later, draft.path)), [_answering(first)])
    own = overlay.library.derived(_own_prefixes)
    own_apps = set(_apps(draft.body)) if case.path is not None and before is None else set[str]()
    by_tail: dict[tuple[str, str], list[RouteRecord]] = {}
    for route in served:
        parts = segments(route.path)
        by_tail.setdefault((route.method, parts[-1] if parts else ""), []).append(route)
    for one in mine:
        parts = segments(one.path)
        if one in standing or one in hidden or not literal_segments(one.path) or one.router in own_apps:
            continue
        for route in by_tail.get((one.method, parts[-1]), ()):
            if _answers(route, parts, own):
                yield Remark(_taken(one, route, draft.path), [_answering(route)])
                break


def _answering(route: RouteRecord) -> tuple[float, Similar]:
    return FIRST, Similar(route.endpoint, route.path_file, route.line, 1.0, f"answers {route.method} {route.path}")


def _within(mine: Sequence[DraftRoute], standing: Sequence[DraftRoute]) -> Iterator[tuple[DraftRoute, DraftRoute]]:
    """Pairs of one router's routes of which the earlier catches the later, when one of them is new."""
    for position, later in enumerate(mine):
        for earlier in mine[:position]:
            one_table = (earlier.method, earlier.router) == (later.method, later.router)
            is_new = earlier not in standing or later not in standing
            if one_table and is_new and catches(earlier.path, later.path):
                yield earlier, later
                break


def _record(one: DraftRoute, path: str) -> RouteRecord:
    """A route of a draft, or of a file that changed, as far as its own text says it."""
    return RouteRecord(
        f"endpoint:{path}::{one.name}", one.method, one.path, one.name, "", 0, path, one.line, one.end_line
    )


def _own_prefixes(library: Library) -> set[tuple[str, ...]]:
    """Leading segments that a good part of all routes share."""
    routes = library.routes
    count: dict[tuple[str, ...], int] = {}
    for route in routes:
        parts = segments(route.path)
        for length in range(1, min(len(parts), 5)):
            count[parts[:length]] = count.get(parts[:length], 0) + 1
    least = max(3, SHARED * len(routes))
    return {prefix for prefix, number in count.items() if number >= least}


def _answers(route: RouteRecord, parts: tuple[str, ...], own: set[tuple[str, ...]]) -> bool:
    served = segments(route.path)
    extra = served[: len(served) - len(parts)]
    if served[len(extra) :] != parts:
        return False
    return not extra or extra in own or all(_API_SEGMENT.match(part) for part in extra)


def _taken(one: DraftRoute, route: RouteRecord, path: str) -> Finding:
    there = f"`{route.name}` ({_where(route)})"
    return Finding(
        SAME_ROUTE,
        1.0,
        f"`{one.method} {one.path}` is answered already, as `{route.path}` by {there}",
        f"Extend {there}, or give the new route a path of its own.",
        "extend",
        (Place(f"endpoint:{path}::{one.name}", "endpoint", path, one.line, one.end_line), _as_place(route)),
        one.end_line - one.line + 1,
    )


def _made_from(survey: Survey) -> Sequence[Any]:
    return [survey.records.routes]


FAMILY = Family((SAME_ROUTE, SHADOWED, SAME_HANDLER), _survey, _judge, _made_from)
