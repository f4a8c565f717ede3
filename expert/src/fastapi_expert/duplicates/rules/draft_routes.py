"""The routes of a draft, beside those that are served already.

A draft's router is not included anywhere yet, so its paths lack what including adds. A draft route is there already
when a served path is the same, or the same below a prefix that is this API's own (`/api/v1`).
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from fastapi_expert.codebase.syntax.facts import Expr, FileFacts
from fastapi_expert.codebase.vocabulary import ROUTE_DECORATORS, VERBS, WEBSOCKET, is_test_path
from fastapi_expert.duplicates.model import Finding, Place, Similar
from fastapi_expert.duplicates.records.extract import decorator_name
from fastapi_expert.duplicates.records.model import RouteRecord
from fastapi_expert.duplicates.rules.registry import RULES
from fastapi_expert.duplicates.rules.routes import as_place, unreachable, where
from fastapi_expert.duplicates.rules.templates import catches, literal_segments, segments

if TYPE_CHECKING:
    from fastapi_expert.duplicates.proposing import Shelf

_API_SEGMENT = re.compile(r"(?:api|rest|v\d+(?:\.\d+)?|latest|backend|server)\Z", re.IGNORECASE)
SHARED = 0.4
"""The share of an application's routes that makes a prefix its own."""


class DraftRoute(NamedTuple):
    """A route as the draft's own text says it."""

    method: str
    path: str
    name: str
    line: int
    end_line: int
    router: str


def routes_of(draft: FileFacts) -> Iterator[DraftRoute]:
    """Routes made by decorators with a literal path, on routers whose prefix the draft says."""
    prefixes = dict(_prefixes(draft.body))
    for function in draft.functions:
        for decorator in function.decorators:
            router, _, verb = decorator_name(decorator).rpartition(".")
            if not router or isinstance(decorator, str) or decorator[0] != "c":
                continue
            path = _path(decorator)
            if path is None or verb not in ROUTE_DECORATORS:
                continue
            for method in _methods(decorator, verb):
                full = prefixes.get(router, "") + path
                yield DraftRoute(method, full, function.name, function.line, function.end_line, router)


def _prefixes(body: Sequence[Expr]) -> Iterator[tuple[str, str]]:
    for statement in body:
        if statement[0] != "=" or not isinstance(statement[2], str):
            continue
        value = statement[3]
        if isinstance(value, str | None) or value[0] != "c" or "Router" not in decorator_name(value):
            continue
        for name, given in value[3]:
            if name == "prefix" and not isinstance(given, str) and given and given[0] == "s":
                yield statement[2], given[1]


def _path(call: Expr) -> str | None:
    given = [*call[2], *[value for name, value in call[3] if name == "path"]]
    first = given[0] if given else None
    return first[1] if first is not None and not isinstance(first, str) and first[0] == "s" else None


def _methods(call: Expr, verb: str) -> list[str]:
    if verb in VERBS:
        return [verb.upper()]
    if verb.startswith("websocket"):
        return [WEBSOCKET]
    for name, value in call[3]:
        if name == "methods" and not isinstance(value, str) and value[0] == "l":
            return [item[1].upper() for item in value[1] if not isinstance(item, str) and item[0] == "s"]
    return ["GET"]


def draft_routes(draft: FileFacts, shelf: "Shelf", *, before: FileFacts | None) -> Iterator[tuple[Finding, Similar]]:
    """A finding for every new route of the draft that is served already, and the endpoint that serves it."""
    if is_test_path(draft.path):
        return
    mine = list(routes_of(draft))
    if not mine:
        return
    old = {(one.name, one.method, segments(one.path)) for one in (routes_of(before) if before else ())}
    standing = [one for one in mine if (one.name, one.method, segments(one.path)) in old]
    served = [route for route in shelf.library.routes if route.path_file not in shelf.gone]
    served += [_record(one, draft.path) for one in standing]
    served += [_record(one, facts.path) for facts in shelf.fresh for one in routes_of(facts)]
    hidden: list[DraftRoute] = []
    for earlier, later in _within(mine, standing):
        hidden.append(later)
        first = _record(earlier, draft.path)
        yield unreachable(first, _record(later, draft.path)), Similar(first.endpoint, draft.path, first.line, 1.0)
    own = _own_prefixes(shelf.library.routes)
    by_tail: dict[tuple[str, str], list[RouteRecord]] = {}
    for route in served:
        parts = segments(route.path)
        by_tail.setdefault((route.method, parts[-1] if parts else ""), []).append(route)
    for one in mine:
        parts = segments(one.path)
        if one in standing or one in hidden or not literal_segments(one.path):
            continue
        for route in by_tail.get((one.method, parts[-1]), ()):
            if _answers(route, parts, own):
                yield _taken(one, route, draft.path), Similar(route.endpoint, route.path_file, route.line, 1.0)
                break


def _within(mine: Sequence[DraftRoute], standing: Sequence[DraftRoute]) -> Iterator[tuple[DraftRoute, DraftRoute]]:
    """Pairs of one router's routes of which the earlier catches the later, when one of them is new."""
    for at, later in enumerate(mine):
        for earlier in mine[:at]:
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


def _own_prefixes(routes: Sequence[RouteRecord]) -> set[tuple[str, ...]]:
    """Leading segments that a good part of all routes share."""
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
    return Finding(
        rule="FX101",
        title=RULES["FX101"].title,
        similarity=1.0,
        message=f"`{one.method} {one.path}` is answered already, as `{route.path}` by `{route.name}` ({where(route)})",
        advice=f"Extend `{route.name}` ({where(route)}), or give the new route a path of its own.",
        action="extend",
        components=(Place(f"endpoint:{path}::{one.name}", "endpoint", path, one.line, one.end_line), as_place(route)),
        saves=one.end_line - one.line + 1,
    )
