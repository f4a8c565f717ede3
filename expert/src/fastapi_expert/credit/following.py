"""Records follow the work: changes carried from one branch to another take their contributors along.

`git switch -c` in the middle of something is how many branches begin. Git's reflog tells where HEAD moved since a
record was made; a changed file that is still changed came along, one that is clean stayed behind (in a stash, say).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi_expert.credit.records import Record
from fastapi_expert.git import Repository

_MOVED = re.compile(r"checkout: moving from (\S+) to (\S+)$")
_RENAMED = re.compile(r"Branch: renamed (\S+) to (\S+)$")


@dataclass(frozen=True, slots=True)
class _Move:
    time: int
    origin: str
    target: str
    same_commit: bool


def follow(repo: Repository, records: Sequence[Record], *, branch: str, touched: Sequence[str]) -> list[Record]:
    """Those of ``records`` that belong to ``branch`` by now, in their order; ``touched`` files count as changed."""
    if repo.head is None:  # before the first commit there is one line of work, whatever its branch is called
        return list(records)
    moves, dirty = _moves(repo), {*repo.dirty(), *touched}

    def is_here(record: Record) -> bool:
        where, carried = record.branch, True
        for move in moves:
            if move.origin == where and move.time >= int(datetime.fromisoformat(record.time).timestamp()):
                where, carried = move.target, carried and move.same_commit
        if where != branch:
            return False
        if record.branch == branch:
            return True
        return carried if record.file is None else record.file in dirty

    return [record for record in records if is_here(record)]


def _moves(repo: Repository) -> list[_Move]:
    """Where HEAD went, oldest first."""
    printed = repo.ask("log", "--walk-reflogs", "--date=unix", "--format=%gd%x00%gs%x00%H", "-n", "500", "HEAD", "--")
    rows = [line.split("\0") for line in (printed or "").split("\n") if line.count("\0") == 2]
    moves: list[_Move] = []
    for (stamp, subject, oid), (_, _, before) in zip(rows, [*rows[1:], ["", "", ""]], strict=True):
        time = re.search(r"@\{(\d+)\}$", stamp)
        move = _MOVED.match(subject) or _RENAMED.match(subject)
        if time and move:
            moves.append(_Move(int(time[1]), _full(move[1]), _full(move[2]), oid == before))
    return moves[::-1]


def _full(name: str) -> str:
    """A branch as the ledger writes it; the reflog shows a detached HEAD by its commit."""
    if name.startswith("refs/"):
        return name
    return "HEAD" if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", name) else f"refs/heads/{name}"
