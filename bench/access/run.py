"""`python -m bench access APPLICATIONS.json [--removals N] [--edits N]`: what is told of protection that goes.

`expert access --lock` is kept of the unchanged application. Then one place at a time loses its protection (N an
application, spread over the kinds), and `--check` is asked. What a removal reaches is said by the application's own
table: the routes of the endpoint that lost a parameter or a decorator, unless they ask the same guard elsewhere; for a
middleware those that refuse no stranger without it; for an alias, a router and an include those whose
dependencies differ when it is imported without it. Routes that were open all the same are left out.

seen    removals of which every reached route is told as opened, weakened or changed
told    such routes, of all that are reached
false   rows told of routes that the removal does not reach

Edits change nothing that the application's table would show: reformatted, moved, renamed. A row told of one is false,
but for a guard that is told under its new name.
"""

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bench.access.edits import Edit, edits
from bench.access.removals import Removal, removals
from bench.routes import refuses_strangers
from bench.running.applications import Application, applications, changed, copied, sources
from fastapi_expert.codebase import load
from fastapi_expert.contract.access import AccessChange, access, dumps, locked, since_lock
from fastapi_expert.contract.access.changes import LOOK

Row = Mapping[str, Any]
Way = tuple[str, str]
LOCK = ".expert/access.lock"


@dataclass
class Counts:
    """What came of one application, or of one kind, or of all."""

    removals: int = 0
    seen: int = 0
    reached: int = 0
    told: int = 0
    edits: int = 0
    rows: int = 0
    false: int = 0

    def add(self, other: "Counts") -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def line(self, name: str) -> str:
        return (
            f"{name:26}{self.removals:9}{self.seen:6}{self.reached:9}{self.told:6}"
            f"{self.edits:7}{self.rows:7}{self.false:7}"
        )


HEAD = f"{'':26}{'removals':>9}{'seen':>6}{'reached':>9}{'told':>6}{'edits':>7}{'rows':>7}{'false':>7}"


@dataclass
class Judge:
    """One application, as a copy, its lock kept."""

    application: Application
    table: list[Row]
    asked: dict[Way, Row]

    def removal(self, one: Removal) -> Counts | None:
        """None where nothing was protected by it, or the application does not start without it."""
        with changed(self.application.root, {one.path: one.text}):
            reached = self._reached(one)
            expected = {_way(row) for row in reached if self._is_protected(row)}
            if not expected:
                return None
            told = self._told()
        missed = expected - {_way_of(row) for row in told}
        every = {_way(row) for row in reached}
        false = [] if one.kind == "middleware" else [row for row in told if _way_of(row) not in every]
        self._show(one.kind, f"{one.path}:{one.line} {one.what}", missed, false)
        return Counts(1, int(not missed), len(expected), len(expected - missed), 0, len(told), len(false))

    def edit(self, one: Edit) -> Counts | None:
        """None where the application is no longer the same, or does not start."""
        with changed(self.application.root, one.texts):
            if one.kind == "file moved" and _shape(self.application.routes() or ()) != _shape(self.table):
                return None
            told = self._told()
        false = [
            row for row in told if not (one.kind == "guard renamed" and all(name in row.text for name in one.names))
        ]
        self._show(one.kind, one.what, set(), false)
        return Counts(edits=1, rows=len(told), false=len(false))

    def _told(self) -> list[AccessChange]:
        codebase = load(self.application.root)
        return [row for row in since_lock(codebase, self.application.root / LOCK) if row.kind in LOOK]

    def _reached(self, one: Removal) -> list[Row]:
        before = list({_way(row): row for row in reversed(self.table) if not row.get("library")}.values())
        if one.kind == "middleware":
            after = {_way(row): row for row in self.application.routes(ask=True) or ()}
            return [row for row in before if after and not refuses_strangers(after.get(_way(row), row))]
        if one.function:
            several = [row for row in before if _is_of(row, one.path, one.function)]
            return [row for row in several if not one.guard or not _asks_twice(row, one.guard)]
        after = self.application.routes()
        if after is None:
            return []
        now = {_way(row): row for row in reversed(after)}
        return [row for row in before if _way(row) not in now or _calls(now[_way(row)]) != _calls(row)]

    def _is_protected(self, row: Row) -> bool:
        known = self.asked.get(_way(row), row)
        return row["method"] not in ("HEAD", "OPTIONS") and bool(row.get("protected") or refuses_strangers(known))

    def _show(self, kind: str, what: str, missed: Iterable[Way], false: Iterable[AccessChange]) -> None:
        for method, path in sorted(missed):
            print(f"  missed  {kind:16}{what}   {method} {path}", flush=True)
        for row in false:
            print(f"  false   {kind:16}{what}   {row.kind} {row.text}", flush=True)


def _way(row: Row) -> Way:
    return str(row["method"]), re.sub(r"\{[^}:]*", "{", str(row["path"]))


def _way_of(row: AccessChange) -> Way:
    return row.method, re.sub(r"\{[^}:]*", "{", row.path)


def _calls(row: Row) -> list[str]:
    return sorted(str(call[0]) for call in row["dependencies"])


def _same(said: str | None, path: str) -> bool:
    """The table names files from the folder that the application was imported from."""
    return said is not None and f"/{path}".endswith(f"/{said}")


def _is_of(row: Row, path: str, function: str) -> bool:
    return _same(row.get("file"), path) and str(row["endpoint"]).endswith((f":{function}", f".{function}"))


def _asks_twice(row: Row, guard: str) -> bool:
    return sum(re.split(r"[.:]", call)[-1] == guard for call in _calls(row)) > 1


def _shape(table: Iterable[Row]) -> list[tuple[Way, int]]:
    return sorted((_way(row), len(row["dependencies"])) for row in table)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench access", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("applications", type=Path, help="what bench/running/applications.py describes")
    parser.add_argument("--only", default="", help="names, separated by commas")
    parser.add_argument("--removals", type=int, default=12)
    parser.add_argument("--edits", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    total, kinds = Counts(), defaultdict[str, Counts](Counts)
    print(HEAD)
    for application in applications(options.applications, options.only):
        with copied(application) as copy:
            own = judged(copy, options, kinds)
        print(own.line(application.name), flush=True)
        total.add(own)
    for kind, counts in sorted(kinds.items()):
        print(counts.line(f"  {kind}"))
    print(total.line("all"))
    return 0


def judged(application: Application, options: argparse.Namespace, kinds: dict[str, Counts]) -> Counts:
    """The removals and edits of one application."""
    own = Counts()
    table = application.routes()
    if table is None:
        print(f"{application.name}: does not start")
        return own
    lock = application.root / LOCK
    lock.parent.mkdir(exist_ok=True)
    lock.write_text(dumps(locked(access(load(application.root)))))
    asked = json.loads(application.asked.read_text())["routes"] if application.asked is not None else []
    judge = Judge(application, table, {_way(row): row for row in asked})
    files = sources(application.root)
    chance = random.Random(options.seed)
    tries: list[tuple[int, list[Any], Any]] = [
        (options.removals, _spread(list(removals(files)), chance), judge.removal),
        (options.edits, _spread(list(edits(files)), chance), judge.edit),
    ]
    for wanted, several, ask in tries:
        done = 0
        for one in several[: 3 * wanted]:
            if done == wanted:
                break
            counts = ask(one)
            if counts is not None:
                done += 1
                own.add(counts)
                kinds[one.kind].add(counts)
    return own


def _spread(several: list[Any], chance: random.Random) -> list[Any]:
    """One of each kind in turn."""
    groups: dict[str, list[Any]] = defaultdict(list)
    for one in several:
        groups[one.kind].append(one)
    for group in groups.values():
        chance.shuffle(group)
    return [
        group[turn]
        for turn in range(max(map(len, groups.values()), default=0))
        for _, group in sorted(groups.items())
        if turn < len(group)
    ]
