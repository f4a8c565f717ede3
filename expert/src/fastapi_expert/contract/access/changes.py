"""What a change does to who can reach what: opened, weakened, changed, closed; and what is new or gone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from fastapi_expert.codebase.model import Protection
from fastapi_expert.contract.access.lock import Locked

ChangeKind = Literal["opened", "weakened", "changed", "closed", "added", "removed"]
LOOK: tuple[ChangeKind, ...] = ("opened", "weakened", "changed")
"""Kinds that somebody has to look at."""
_ORDER: tuple[ChangeKind, ...] = ("opened", "weakened", "changed", "closed", "added", "removed")
_PARAMETER = re.compile(r"\{[^}:]*")


@dataclass(frozen=True, slots=True)
class AccessChange:
    """One route of which the access changed; ``file`` and ``line`` are where it stands now, or stood."""

    kind: ChangeKind
    app: str
    method: str
    path: str
    text: str
    file: str
    line: int

    @property
    def name(self) -> str:
        """`DELETE /items/{id}`."""
        return f"{self.method} {self.path}"


def compare(old: Sequence[Locked], new: Sequence[Locked]) -> list[AccessChange]:
    """What differs, the worst first. A route that only moved to another application or file is the same route."""
    return sorted(_differences(old, new), key=lambda one: (_ORDER.index(one.kind), one.app, one.path, one.method))


def _differences(old: Sequence[Locked], new: Sequence[Locked]) -> Iterator[AccessChange]:
    before = _by_key(old)
    now = _by_key(new)
    moved = _by_way([one for key, one in before.items() if key not in now])
    for key, one in now.items():
        was = before.get(key)
        if was is None:
            others = moved.get(_way(one), [])
            was = others.pop() if others else None
        if was is None:
            yield _added(one)
        else:
            yield from _changed(was, one)
    for was in (one for left in moved.values() for one in left):
        yield _change("removed", was, "is gone")


def _key(row: Locked) -> tuple[str, str, str]:
    return (row.app, *_way(row))


def _way(row: Locked) -> tuple[str, str]:
    """Method and path; how a parameter is called says nothing of who may call."""
    return row.method, _PARAMETER.sub("{", row.path)


def _by_key(rows: Sequence[Locked]) -> dict[tuple[str, str, str], Locked]:
    """Of several for one method and path the first one answers."""
    found: dict[tuple[str, str, str], Locked] = {}
    for one in rows:
        found.setdefault(_key(one), one)
    return found


def _by_way(rows: Sequence[Locked]) -> dict[tuple[str, str], list[Locked]]:
    found: dict[tuple[str, str], list[Locked]] = {}
    for one in rows:
        found.setdefault(_way(one), []).append(one)
    return found


def _change(kind: ChangeKind, row: Locked, text: str) -> AccessChange:
    return AccessChange(kind, row.app, row.method, row.path, f"{row.name} {text}", row.file, row.line)


_MEETS: dict[Protection, str] = {
    "none": "nobody is asked",
    "optional": "strangers are let through",
    "unknown": "the text does not tell whether anybody is asked",
}
"""What a request without credentials meets where nothing refuses it for certain."""


def _added(row: Locked) -> AccessChange:
    if row.protection == "required":
        return _change("added", row, f"is new, behind {_behind(row)}")
    kind: ChangeKind = "opened" if row.protection == "none" else "changed"
    return _change(kind, row, f"is new, and {_MEETS[row.protection]}")


def _behind(row: Locked) -> str:
    first = row.by[0] if row.by else "something"
    return f"{first} ({row.place or row.file})"


def _changed(was: Locked, now: Locked) -> Iterator[AccessChange]:
    if was.protection != now.protection:
        yield _other_protection(was, now)
        return
    if now.protection == "none":
        return
    if now.when != was.when and now.when:
        kind: ChangeKind = "opened" if "open as shipped" in now.when else "weakened"
        yield _change(kind, now, f"now hangs on a setting: {now.when}")
    lost = [one for one in was.scopes if one not in now.scopes]
    gained = [one for one in now.scopes if one not in was.scopes]
    gone = [one for one in was.by if one not in now.by]
    come = [one for one in now.by if one not in was.by]
    less, more = [*gone, *lost], [*come, *gained]
    if less and more:
        yield _change("changed", now, f"asks for {_list(more)} in place of {_list(less)}")
    elif less:
        yield _change("weakened", now, f"no longer asks for {_list(less)}")
    elif more:
        yield _change("closed", now, f"asks for more: {_list(more)}")
    if was.owner == "yes" and now.owner == "no":
        yield _change("weakened", now, "no longer asks in its query whose row it is")


def _other_protection(was: Locked, now: Locked) -> AccessChange:
    if now.protection == "required":
        return _change("closed", now, f"is now behind {_behind(now)}")
    before = f"was behind {_behind(was)}" if was.protection == "required" else f"before, {_MEETS[was.protection]}"
    kind: ChangeKind = "changed"
    if was.protection == "required":
        kind = "weakened" if now.protection == "unknown" else "opened"
    elif was.protection == "unknown" and now.protection == "none":
        kind = "opened"
    return _change(kind, now, f"{before}, now {_MEETS[now.protection]}")


def _list(texts: Sequence[str]) -> str:
    return ", ".join(texts)
