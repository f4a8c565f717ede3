"""The ledger: who touched which file since the last commit, in the git directory of the work tree.

``<git dir>/expert/credit.jsonl`` holds one event a line and only ever grows at its end: `edit` (a name changed a file),
`declare` (a name says it contributes to the commit being made), `settle` (a commit carries these records) and `drop`.
What is pending is what no later line settled. A line torn by a killed writer is skipped, and the next writer starts on
a line of its own. A linked work tree has its own git directory, and so a ledger of its own.
"""

import contextlib
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Generator, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from fastapi_expert.credit.message import handle
from fastapi_expert.credit.records import Record
from fastapi_expert.errors import ExpertError
from fastapi_expert.git import GitError, Repository

if sys.platform == "win32":  # pragma: no cover
    import msvcrt
else:
    import fcntl

_ROOMY = 1 << 20
"""Bytes of ledger from which settled events are taken out at the next settlement."""


def record(
    name: str, *, files: Sequence[Path], session: str | None = None, tool: str | None = None, cwd: Path | None = None
) -> list[Path]:
    """Enter that ``name`` changed ``files``, each in the ledger of the repository it lies in.

    Returns the files entered. A file outside any repository, or inside a git directory, is passed over in silence:
    the caller is a hook that must never stand in the way of the edit it reports.

    Raises ExpertError when nothing of ``name`` can stand in a commit.
    """
    who = _handle(name)
    entered: list[Path] = []
    for file in files:
        place = _place((cwd or Path.cwd()) / file)
        if place is None:
            continue
        repo, relative = place
        Ledger(repo).add(who, file=relative, session=session, tool=tool)
        entered.append(file)
    return entered


def declare(name: str, *, cwd: Path, session: str | None = None) -> Record:
    """Enter that ``name`` contributes to the commit being made in the work tree around ``cwd``.

    Raises ExpertError when nothing of ``name`` can stand in a commit, GitError outside a repository.
    """
    return Ledger(Repository.find(cwd)).add(_handle(name), session=session)


def digest(data: bytes) -> str:
    """The hash by which the ledger knows a file's bytes again (not git's: filters do not touch it)."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger of one work tree."""

    repo: Repository

    @property
    def path(self) -> Path:
        """Where the events are."""
        return self.repo.git_dir / "expert" / "credit.jsonl"

    def add(self, name: str, *, file: str | None = None, session: str | None = None, tool: str | None = None) -> Record:
        """Append one record; an equal one that is pending already is returned in its place."""
        blob = None if file is None else _digest_of(self.repo.root / file)
        branch = self.repo.branch
        for old in self.pending_everywhere():
            if (old.name, old.file, old.branch, old.session, old.blob) == (name, file, branch, session, blob):
                return old
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        made = Record(secrets.token_hex(6), name, branch, now, file, session, tool, blob)
        event = "declare" if file is None else "edit"
        self._append({"v": 1, "event": event, **{key: value for key, value in asdict(made).items() if value}})
        return made

    def settle(self, records: Iterable[Record], *, commit: str | None) -> None:
        """Take ``records`` off what is pending: ``commit`` carries them, or (None) they are withdrawn."""
        ids = [record.id for record in records]
        if not ids:
            return
        event: dict[str, Any] = {"v": 1, "event": "drop" if commit is None else "settle", "records": ids}
        self._append(event if commit is None else {**event, "commit": commit})
        if self.path.stat().st_size > _ROOMY:
            self._compact()

    def pending_everywhere(self) -> list[Record]:
        """Every record that no event settled, oldest first, whatever its branch."""
        return list(_fold(self._lines()).values())

    def pending(self, *, touched: Sequence[str] = ()) -> list[Record]:
        """The records that belong to the commit being made on the current branch; ``touched`` are files that it, or
        the one made this moment, changes."""
        records = self.pending_everywhere()
        branch = self.repo.branch
        if all(record.branch == branch for record in records):
            return records
        from fastapi_expert.credit.following import follow

        return follow(self.repo, records, branch=branch, touched=touched)

    def settled(self) -> dict[str, list[Record]]:
        """The records that commits carry, by the commit's hash. Of very old ones nothing is kept."""
        made: dict[str, Record] = {}
        carried: dict[str, list[Record]] = {}
        for event in filter(None, map(_parse, self._lines())):
            if record := _record(event):
                made[record.id] = record
            commit = event.get("commit")
            if isinstance(commit, str):
                records = (made.get(identity) for identity in event.get("records", ()))
                carried.setdefault(commit, []).extend(filter(None, records))
        return carried

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text(encoding="utf-8", errors="replace").split("\n")
        except FileNotFoundError:
            return []

    def _append(self, event: dict[str, Any]) -> None:
        line = json.dumps(event, ensure_ascii=True, separators=(",", ":")).encode()
        with self._locked(), self.path.open("a+b") as stream:
            if stream.tell() and not _ends_with_newline(stream.fileno()):
                line = b"\n" + line
            stream.write(line + b"\n")

    def _compact(self) -> None:
        with self._locked():
            pending = _fold(self._lines())
            kept = [line for line in self._lines() if (event := _parse(line)) and event.get("id") in pending]
            spare = self.path.with_suffix(".tmp")
            spare.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
            spare.replace(self.path)

    @contextlib.contextmanager
    def _locked(self) -> Generator[None]:
        """One writer at a time. The lock is a file of its own, because compaction replaces the ledger."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("ab") as lock:
            if sys.platform == "win32":  # pragma: no cover
                msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
            else:
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield  # closing the file lets go of the lock


def _fold(lines: Iterable[str]) -> dict[str, Record]:
    pending: dict[str, Record] = {}
    for line in lines:
        event = _parse(line)
        if event is None:
            continue
        if event.get("event") in ("edit", "declare"):
            made = _record(event)
            if made is not None:
                pending[made.id] = made
        else:
            for identity in event.get("records", ()):
                pending.pop(identity, None)
    return pending


def _parse(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return cast(dict[str, Any], event) if isinstance(event, dict) else None


def _record(event: dict[str, Any]) -> Record | None:
    text = {key: value for key, value in event.items() if key in Record.__slots__ and isinstance(value, str)}
    return Record(**text) if {"id", "name", "branch", "time"} <= text.keys() else None


def _ends_with_newline(descriptor: int) -> bool:
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) == b"\n"


def _handle(name: str) -> str:
    who = handle(name)
    if not who:
        raise ExpertError(f"{name!r} is not a contributor's name", do="use letters and digits, as in @test-writer")
    return who


def _place(file: Path) -> tuple[Repository, str] | None:
    """The repository that ``file`` lies in and its path there; the folder is resolved, a symlinked file is not."""
    file = file.parent.resolve() / file.name
    try:
        repo = Repository.find(file.parent)
        return repo, file.relative_to(repo.root.resolve()).as_posix()
    except (GitError, ValueError):
        return None


def _digest_of(file: Path) -> str | None:
    try:
        return digest(file.read_bytes())
    except OSError:  # deleted, or a folder
        return None
