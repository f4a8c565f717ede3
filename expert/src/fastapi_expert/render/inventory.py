"""A codebase at a glance: how much of everything, and what hangs from the application."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import get_args

from fastapi_expert.codebase.model import Component, Inventory, Kind
from fastapi_expert.codebase.reach import reach_note
from fastapi_expert.render.terminal import Style, counted, printable

_KINDS: tuple[str, ...] = get_args(Kind)


def inventory_text(inventory: Inventory, style: Style) -> str:
    """Counts by kind, the routers with their routes, and what could not be known."""
    counts = Counter(component.kind for component in inventory.components)
    routes = inventory.routes
    open_ = sum(route.protection in ("none", "optional") for route in routes)
    untested = sum(not route.tests for route in routes)
    unknown = sum(route.protection == "unknown" for route in routes)
    lines = [style.paint(f"{inventory.root}", "bold") + f"  {counted(inventory.files, 'file')}", ""]
    lines += [f"  {kind.replace('_', ' '):<18}{counts[kind]:>7,}" for kind in _KINDS if counts[kind]]
    if routes:
        doubt = f", {unknown:,} of unknown protection" if unknown else ""
        lines += ["", f"  {counted(len(routes), 'route')}: {open_:,} unprotected{doubt}, {untested:,} untested"]
    note = reach_note(inventory)
    if note:
        lines += [style.paint(f"  {note} (expert routes --problems)", "yellow")]
    lines += _routers(inventory, style)
    if inventory.problems:
        lines += ["", style.paint(f"{counted(len(inventory.problems), 'thing')} that the text does not tell:", "bold")]
        lines += [style.row([f"  {one.path}:{one.line}", printable(one.message)]) for one in inventory.problems[:10]]
        if len(inventory.problems) > 10:
            lines.append(f"  … {len(inventory.problems) - 10:,} more (expert routes --problems)")
    return "\n".join([*lines, "", _hint(style)])


def kind_text(inventory: Inventory, kinds: Sequence[str], style: Style) -> str:
    """Every component of some kinds: name, place, first line of what it says of itself."""
    chosen = sorted(
        (component for component in inventory.components if component.kind in kinds),
        key=lambda component: (_KINDS.index(component.kind), component.path, component.line),
    )
    if not chosen:
        return f"no {' or '.join(kind.replace('_', ' ') for kind in kinds)} in {inventory.root}"
    places = [f"{component.path}:{component.line}" for component in chosen]
    widest = min(60, max(map(len, places)))
    return "\n".join(_line(one, place, widest, style) for one, place in zip(chosen, places, strict=True))


def _line(component: Component, place: str, widest: int, style: Style) -> str:
    line = f"{style.paint(f'{place:<{widest}}', 'dim')}  {style.paint(printable(component.qualname), 'bold')}"
    if component.fields:
        line += f"  {len(component.fields)} fields"
    return line + (f"  {printable(component.summary)}" if component.summary else "")


def _routers(inventory: Inventory, style: Style) -> list[str]:
    """One line an application or router: how many routes hang from it, and the path that they share."""
    by_id = {component.id: component for component in inventory.components}
    paths: dict[str, list[str]] = {}
    for route in inventory.routes:
        paths.setdefault(route.endpoint, []).append(route.path)
    lines: list[str] = []
    for kind in ("app", "router"):
        for component in inventory.components:
            if component.kind == kind:
                own = [path for one in _hanging(component, by_id) for path in paths.get(one.id, ())]
                shared = style.paint(f"{printable(common_prefix(own)):<28}", "cyan")
                place = style.paint(f"{component.path}:{component.line}", "dim")
                lines.append(style.row([f"  {kind:<7}{len(own):>4} routes", shared, component.qualname, place]))
    return ["", style.paint("applications and routers", "bold"), *lines] if lines else []


def _hanging(start: Component, by_id: Mapping[str, Component]) -> list[Component]:
    """What hangs from an application or router, through the routers it includes."""
    found = {start.id: start}
    queue = [start]
    while queue:
        for other in queue.pop().uses:
            component = by_id.get(other)
            if component is not None and other not in found and component.kind in ("app", "router", "endpoint"):
                found[other] = component
                if component.kind != "endpoint":
                    queue.append(component)
    return list(found.values())


def common_prefix(paths: Sequence[str]) -> str:
    """The whole segments that all paths begin with: `/users` of `/users/me` and `/users/{id}`."""
    if not paths:
        return ""
    split = [path.split("/") for path in paths]
    shared: list[str] = []
    for segments in zip(*split, strict=False):
        if len(set(segments)) > 1:
            break
        shared.append(segments[0])
    return "/".join(shared) or "/"


def _hint(style: Style) -> str:
    return style.paint("one kind: expert map --kind schema · all: --json · to look around: --html map.html", "dim")
