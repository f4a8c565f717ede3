"""The lock file of access: one line a route, sorted, made to be read in a review; and how two states of it differ.

    DELETE /items/{id}  required  by require_admin, get_current_user  scopes items:write  owner yes  in api/items.py

Lines of code are left out: they move without anything changing for those who call.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast, get_args

from fastapi_expert.codebase.model import Protection
from fastapi_expert.contract.access.owner import Owner
from fastapi_expert.contract.access.rows import AccessRow
from fastapi_expert.errors import ExpertError

NAME = ".expert/access.lock"
HEAD = """\
# Who can reach what. Written by `expert access --lock`, compared by `expert access --check` and the gate.
"""
_GAP = "  "
_FIELD = re.compile(r"(by|scopes|owner|when|in) (.+)")


class LockError(ExpertError):
    """The lock file is missing, or a line of it is not one that `expert access --lock` writes."""


@dataclass(frozen=True, slots=True)
class Locked:
    """What the lock file keeps of a row; ``line`` is that of the code, 0 where it comes from the file."""

    app: str
    method: str
    path: str
    protection: Protection
    by: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    owner: Owner = "unknown"
    when: str = ""
    file: str = ""
    line: int = 0
    place: str = ""
    """Where the guard that makes the verdict is asked for, `api/items.py:12`; not kept."""

    @property
    def name(self) -> str:
        """`DELETE /items/{id}`."""
        return f"{self.method} {self.path}"


def locked(rows: Iterable[AccessRow]) -> list[Locked]:
    """The rows that a lock file keeps: of routes that are served, or may be.

    Those of installed libraries are left out: they are read where the library lies beside the project, which is not so
    on every machine that compares.
    """
    return [_locked(one) for one in rows if one.reach != "unattached" and not one.is_library]


def _locked(row: AccessRow) -> Locked:
    when = ""
    if row.when is not None:
        when = f"{row.when.setting}={row.when.default}" if row.when.default is not None else row.when.setting
        when += " (open as shipped)" if row.when.open else ""
    place = f"{row.by[0].path}:{row.by[0].line}" if row.by else ""
    return Locked(
        row.app,
        row.method,
        row.path,
        row.protection,
        row.guards,
        row.scopes,
        row.owner,
        when,
        row.file,
        row.line,
        place,
    )


def dumps(rows: Sequence[Locked]) -> str:
    """The lock file of ``rows``."""
    lines = [HEAD]
    for app in sorted({one.app for one in rows}):
        lines.append(f"\n[{app}]\n")
        own = sorted((one for one in rows if one.app == app), key=lambda one: (one.path, one.method, one.file))
        lines += [f"{_line(one)}\n" for one in own]
    return "".join(lines)


def _line(row: Locked) -> str:
    fields = [
        ("by", ", ".join(row.by)),
        ("scopes", " ".join(row.scopes)),
        ("when", row.when),
        ("owner", row.owner if row.protection != "none" else ""),
        ("in", row.file),
    ]
    said = [f"{name} {_GAP.join(value.split())[:400] if _GAP in value else value}" for name, value in fields if value]
    return _GAP.join([f"{row.method} {row.path}", row.protection, *said])


def loads(text: str, name: str = NAME) -> list[Locked]:
    """The rows of a lock file. Raises LockError with the line that is none of ours."""
    rows: list[Locked] = []
    app = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            app = line[1:-1]
            continue
        rows.append(_read(line, app, f"{name}:{number}"))
    return rows


def _read(line: str, app: str, where: str) -> Locked:
    head, *rest = line.split(_GAP)
    method, _, path = head.partition(" ")
    if not rest or rest[0] not in get_args(Protection) or not path:
        raise LockError(
            "this line is not one of the lock file's",
            where=where,
            do="keep one side of a merge conflict, or write it anew: expert access --lock",
        )
    fields = {found[1]: found[2] for one in rest[1:] if (found := _FIELD.fullmatch(one)) is not None}
    owner = fields.get("owner", "no")
    return Locked(
        app,
        method,
        path,
        cast(Protection, rest[0]),
        tuple(filter(None, fields.get("by", "").split(", "))),
        tuple(fields.get("scopes", "").split()),
        cast(Owner, owner if owner in get_args(Owner) else "unknown"),
        fields.get("when", ""),
        fields.get("in", ""),
    )
