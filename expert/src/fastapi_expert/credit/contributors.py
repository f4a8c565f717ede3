"""Who must be named in the commit being made, and why: the one place where git's situations are told apart."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from fastapi_expert.credit.ledger import Ledger
from fastapi_expert.credit.message import Message, read
from fastapi_expert.credit.records import Record
from fastapi_expert.git import Repository

_REPLAYS = ("CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge/head-name", "rebase-apply/head-name")


@dataclass(frozen=True, slots=True)
class Due:
    """The names that the commit owes, each with its reasons (files, or a few words), and the records it settles."""

    reasons: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    records: tuple[Record, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """In the order in which they began to contribute."""
        return tuple(self.reasons)


def due(repo: Repository, *, paths: Sequence[str], amending: bool, contributors: Sequence[str] = ()) -> Due:
    """What a commit of ``paths`` made now owes. ``contributors`` are those of the project, if it lists them.

    A melded commit owes the names of all that it melds (`merge --squash`, `fixup!` and `squash!` under rebase, amend).
    While git replays old commits, only what was recorded since the replay began counts: those who resolved conflicts.
    """
    reasons: dict[str, list[str]] = {}
    for name in _melded(repo, amending=amending):
        if contributors and name not in contributors:
            continue  # a wrong name in an old message is not carried on
        reasons.setdefault(name, []).append("the commits melded here")
    touched, since = set(paths), replaying_since(repo)
    records = [
        record
        for record in Ledger(repo).pending(touched=paths)
        if (record.file is None or record.file in touched) and (since is None or record.time >= since)
    ]
    return reasons_of(records, reasons)


def reasons_of(records: Sequence[Record], known: Mapping[str, list[str]] | None = None) -> Due:
    """What ``records`` owe, beside what is ``known`` to be owed."""
    reasons = {name: list(whys) for name, whys in (known or {}).items()}
    for record in records:
        why = record.file or "said so"
        if why not in reasons.setdefault(record.name, []):
            reasons[record.name].append(why)
    return Due(reasons, tuple(records))


def merging(repo: Repository) -> bool:
    """Whether the commit being made is a merge."""
    return repo.state("MERGE_HEAD") is not None


def replaying_since(repo: Repository) -> str | None:
    """When git began to replay old commits (cherry-pick, revert, rebase), as the ledger writes time; else None."""
    times = [_mtime(repo.git_dir / name) for name in _REPLAYS]
    found = [time for time in times if time is not None]
    if not found:
        return None
    return datetime.fromtimestamp(min(found), UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def replayed(repo: Repository) -> Message | None:
    """The message of the old commit that is being made anew, when git replays one."""
    for name in ("CHERRY_PICK_HEAD", "REBASE_HEAD"):
        if repo.state(name) is not None and (text := repo.ask("log", "-1", "--format=%B", name)):
            return Message(text)
    done = (repo.state("rebase-merge/done") or "").strip().splitlines()
    words = done[-1].split() if done else []
    if len(words) < 2 or not re.fullmatch(r"[0-9a-f]{4,64}", words[1]):
        return None
    text = repo.ask("log", "-1", "--format=%B", words[1])
    return Message(text) if text else None


def amending(repo: Repository) -> bool:
    """Whether the `git commit` that runs this hook amends. Git does not tell its hooks, so its command line must."""
    process = os.getppid()
    for _ in range(8):
        parent, words = _process(process)
        if words and re.match(r"git(?:\.exe)?$", Path(words[0]).name):
            return repo.head is not None and any(len(word) > 4 and "--amend".startswith(word) for word in words[1:])
        if parent is None:
            break
        process = parent
    return False


def _melded(repo: Repository, *, amending: bool) -> list[str]:
    names: list[str] = []
    if amending:
        names += Message(repo.ask("log", "-1", "--format=%B", "HEAD") or "").credited
    for line in (repo.state("SQUASH_MSG") or "").splitlines():
        names += read(line.strip())[0].names if re.match(r" {4}\S", line) else ()
    for line in (repo.state("rebase-merge/current-fixups") or "").splitlines():
        names += Message(repo.ask("log", "-1", "--format=%B", line.split()[-1]) or "").credited
    return list(dict.fromkeys(names))


def _mtime(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _process(number: int) -> tuple[int | None, list[str]]:
    """The parent and the command line of a process; nothing where the platform does not say."""
    try:
        words = Path(f"/proc/{number}/cmdline").read_bytes().decode(errors="replace").split("\0")
        status = Path(f"/proc/{number}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return int(status[1]), words
    except (OSError, ValueError, IndexError):
        pass
    try:
        printed = subprocess.run(
            ["ps", "-ww", "-o", "ppid=,args=", "-p", str(number)], capture_output=True, text=True, check=False
        ).stdout.split()
        return (int(printed[0]), printed[1:]) if printed else (None, [])
    except (OSError, ValueError):
        return None, []
