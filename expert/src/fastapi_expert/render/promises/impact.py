"""What something reaches, as text and JSON."""

from typing import Any

from fastapi_expert.gate.impact.reached import Impact
from fastapi_expert.render.terminal import Style, counted, printable

_SHOWN = 30


def impact_text(found: Impact, style: Style) -> str:
    """A group a kind, routes first, tests last."""
    lines: list[str] = []
    if found.everything:
        lines += [style.paint(f"all tests may be affected: {printable(found.everything)}", "yellow"), ""]
    routes = [f"{one.method} {printable(one.path)}  {printable(one.path_file)}:{one.line}" for one in found.routes]
    lines += _group("routes", routes, style)
    for kind in dict.fromkeys(one.kind for one in found.components):
        own = [one for one in found.components if one.kind == kind]
        lines += _group(
            f"{kind}s", [f"{printable(one.qualname)}  {printable(one.path)}:{one.line}" for one in own], style
        )
    lines += _group("migrations", list(map(printable, found.migrations)), style)
    lines += _group("tests", list(map(printable, found.tests)), style)
    asked = ", ".join(found.asked[:3]) + (f" and {len(found.asked) - 3} more" if len(found.asked) > 3 else "")
    counts = [counted(len(found.routes), "route"), f"{len(found.tests):,} of {counted(found.tests_total, 'test')}"]
    lines.append(f"{printable(asked or 'nothing')}: {', '.join(counts)}")
    return "\n".join(lines)


def _group(heading: str, rows: list[str], style: Style) -> list[str]:
    if not rows:
        return []
    more = [f"  … and {len(rows) - _SHOWN:,} more"] if len(rows) > _SHOWN else []
    return [style.paint(heading, "bold"), *[f"  {one}" for one in rows[:_SHOWN]], *more, ""]


def impact_document(root: str, found: Impact) -> dict[str, Any]:
    """`expert impact --json`."""
    return {
        "root": root,
        "asked": list(found.asked),
        "routes": [
            {"method": one.method, "path": one.path, "endpoint": one.endpoint, "file": one.path_file, "line": one.line}
            for one in found.routes
        ],
        "components": [
            {"id": one.id, "kind": one.kind, "name": one.qualname, "path": one.path, "line": one.line}
            for one in found.components
        ],
        "migrations": list(found.migrations),
        "tests": list(found.tests),
        "tests_total": found.tests_total,
        "everything": found.everything,
    }
