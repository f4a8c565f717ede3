"""Who can reach what, as text, JSON and a list of changes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Inventory
from fastapi_expert.codebase.reach import reach_note
from fastapi_expert.contract.access.changes import LOOK, AccessChange
from fastapi_expert.contract.access.code_owners import code_owners
from fastapi_expert.contract.access.rows import AccessRow
from fastapi_expert.render.json import evidence_json, shipped_json
from fastapi_expert.render.terminal import Style, counted, printable

_COLOURS = {"required": "green", "optional": "cyan", "unknown": "yellow", "none": "red"}
_KINDS = {"opened": "red", "weakened": "red", "changed": "yellow", "closed": "green", "added": "dim", "removed": "dim"}


def access_text(inventory: Inventory, rows: Sequence[AccessRow], style: Style) -> str:
    """One line a route, one table an application, what stands out at the end."""
    lines: list[str] = []
    note = reach_note(inventory)
    if note:
        lines += [style.paint(f"{note} (routes --problems says why)", "yellow"), ""]
    apps = list(dict.fromkeys(one.app for one in rows))
    verb = max((len(one.method) for one in rows), default=0)
    path = min(60, max((len(one.path) for one in rows), default=0))
    for app in apps:
        if len(apps) > 1:
            lines.append(style.paint(printable(app), "bold"))
        lines += [_row(one, verb, path, style) for one in rows if one.app == app]
        lines += [""] if len(apps) > 1 else []
    odd = [one for one in rows if one.odd]
    if odd:
        lines += ["", style.paint("odd ones out", "bold")]
        lines += [f"  {printable(one.name)}  {one.odd}  {printable(one.file)}:{one.line}" for one in odd]
    found = Counter(one.protection for one in rows)
    shares = [f"{found[name]:,} {name}" for name in _COLOURS if found[name]]
    lines += ["", f"{counted(len(rows), 'route')}: {', '.join(shares) or 'nothing to reach'}"]
    return "\n".join(lines).strip("\n")


def _row(row: AccessRow, verb: int, path: int, style: Style) -> str:
    parts = [
        f"{row.method:{verb}}  {printable(row.path):{path}}",
        style.paint(f"{row.protection:8}", _COLOURS[row.protection]),
        printable(", ".join(row.guards)),
        f"asks {printable(' '.join(row.scopes))}" if row.scopes else "",
        f"owner {row.owner}" if row.protection != "none" else "",
        f"hangs on {printable(row.when.setting)}" if row.when is not None else "",
        "" if row.reach == "served" else row.reach,
        style.paint(f"{printable(row.file)}:{row.line}", "dim"),
    ]
    return style.row(parts)


def changes_text(codebase: Codebase, changes: Sequence[AccessChange], style: Style, name: str) -> str:
    """What differs from the lock file, the worst first, with who must look."""
    if not changes:
        return f"Who can reach what is as {name} says."
    lines: list[str] = []
    for one in changes:
        owners = code_owners(codebase.folder, one.file) if one.kind in LOOK else ()
        parts = [
            style.paint(f"{one.kind:8}", _KINDS[one.kind]),
            printable(one.text),
            style.paint(f"{printable(one.file)}{f':{one.line}' if one.line else ''}", "dim"),
            f"{' '.join(owners)} must look" if owners else "",
        ]
        lines.append(style.row(parts))
    found = Counter(one.kind for one in changes)
    lines += ["", ", ".join(f"{count:,} {kind}" for kind, count in found.items())]
    if any(one.kind in LOOK for one in changes):
        lines.append("If this is meant: expert access --lock, and let the review see the lines that change in it.")
    else:
        lines.append(f"Nothing was opened. {name} is out of date: expert access --lock")
    return "\n".join(lines)


def access_document(inventory: Inventory, rows: Sequence[AccessRow]) -> dict[str, Any]:
    """`expert access --json`."""
    return {"root": inventory.root, "rows": [row_json(one) for one in rows]}


def row_json(row: AccessRow) -> dict[str, Any]:
    """One row."""
    document: dict[str, Any] = {
        "app": row.app,
        "method": row.method,
        "path": row.path,
        "protection": row.protection,
        "by": evidence_json(row.by),
        "guards": list(row.guards),
        "scopes": list(row.scopes),
        "owner": row.owner,
        "reach": row.reach,
        "file": row.file,
        "line": row.line,
        "endpoint": row.endpoint,
        "odd": row.odd,
    }
    if row.when is not None:
        document["when"] = shipped_json(row.when)
    return document


def changes_document(codebase: Codebase, changes: Sequence[AccessChange], name: str) -> dict[str, Any]:
    """`expert access --check --json`."""
    return {
        "root": str(codebase.root),
        "lock": name,
        "changes": [
            {
                "kind": one.kind,
                "app": one.app,
                "method": one.method,
                "path": one.path,
                "text": one.text,
                "file": one.file,
                "line": one.line,
                "owners": list(code_owners(codebase.folder, one.file)),
            }
            for one in changes
        ],
    }
