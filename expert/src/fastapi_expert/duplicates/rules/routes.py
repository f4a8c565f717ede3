"""FX101 and FX102: routes that can never be reached."""

from collections.abc import Iterator, Sequence

from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.duplicates.records.model import Records, RouteRecord
from fastapi_expert.duplicates.rules.registry import RULES
from fastapi_expert.duplicates.rules.templates import canonical, catches
from fastapi_expert.duplicates.rules.wording import place


def route_findings(records: Records) -> Iterator[Finding]:
    """A finding for every route that an earlier one of the same application answers."""
    tables: dict[tuple[str, str], list[RouteRecord]] = {}
    for route in records.routes:
        tables.setdefault((route.app, route.method), []).append(route)
    for table in tables.values():
        table.sort(key=lambda route: route.order)
        yield from _unreachable(table)


def _unreachable(table: Sequence[RouteRecord]) -> Iterator[Finding]:
    """Routes of one application and method, in the order in which they are tried."""
    first_with: dict[str, RouteRecord] = {}
    general: list[RouteRecord] = []
    for route in table:
        key = canonical(route.path)
        twin = first_with.setdefault(key, route)
        if twin is not route:
            yield _twice(twin, route)
            continue
        catcher = next((earlier for earlier in general if catches(earlier.path, route.path)), None)
        if catcher is not None:
            yield _shadowed(catcher, route)
        if "{" in route.path:
            general.append(route)


def unreachable(earlier: RouteRecord, later: RouteRecord) -> Finding:
    """``later`` is a route that ``earlier`` catches."""
    same = canonical(earlier.path) == canonical(later.path)
    return _twice(earlier, later) if same else _shadowed(earlier, later)


def as_place(route: RouteRecord) -> Place:
    """One side of a finding."""
    return Place(route.endpoint, "endpoint", route.path_file, route.line, max(route.end_line, route.line))


class _At:
    def __init__(self, route: RouteRecord) -> None:
        self.path, self.line = route.path_file, route.line


def where(route: RouteRecord) -> str:
    """The place of a route, clickable."""
    return place(_At(route))


def _twice(earlier: RouteRecord, later: RouteRecord) -> Finding:
    if earlier.endpoint == later.endpoint:
        message = f"`{later.method} {later.path}` is registered twice with the same handler `{later.name}`"
        advice = f"Remove one registration: the decorator at {where(later)}, or the second include of its router."
    else:
        message = (
            f"`{later.method} {later.path}` ({later.name}) is never reached: "
            f"`{earlier.name}` ({where(earlier)}) answers `{earlier.method} {earlier.path}` first"
        )
        advice = f"Delete it, move what it adds into `{earlier.name}` ({where(earlier)}), or give it a path of its own."
    return _finding("FX101", message, advice, "merge", earlier, later)


def _shadowed(earlier: RouteRecord, later: RouteRecord) -> Finding:
    return _finding(
        "FX102",
        f"`{later.method} {later.path}` ({later.name}) is never reached: "
        f"`{earlier.path}` ({earlier.name}, {where(earlier)}) catches it first",
        f"Register `{later.path}` before `{earlier.path}` ({where(earlier)}), or narrow that one with a converter.",
        "reorder",
        earlier,
        later,
    )


def _finding(rule: str, message: str, advice: str, action: str, earlier: RouteRecord, later: RouteRecord) -> Finding:
    return Finding(
        rule=rule,
        title=RULES[rule].title,
        similarity=1.0,
        message=message,
        advice=advice,
        action="reorder" if action == "reorder" else "merge",
        components=(as_place(later), as_place(earlier)),
        saves=max(1, later.end_line - later.line + 1),
    )
