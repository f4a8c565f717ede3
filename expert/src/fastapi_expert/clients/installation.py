"""Installing and removing a client: every new text is planned first, and written only when all could be made.

So a malformed file stops the installation before anything changed. What was there before stands in the journal: while
a file is as we left it, removing restores the old bytes; once its owner edited it, removing takes out our parts only.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from fastapi_expert.clients.agents import AGENTS, client_module
from fastapi_expert.clients.edits import Change, ClientError, Edit
from fastapi_expert.clients.git import install as git
from fastapi_expert.clients.journal import JOURNAL, Journal
from fastapi_expert.clients.launcher import Launcher
from fastapi_expert.store import write_atomically

CLIENTS = (*AGENTS, "git")
_Planned = tuple[str, bytes | None, bytes | None]
"""A file's path, its bytes now, and its bytes then; None where there is no file."""


def install(root: Path, client: str) -> list[Change]:
    """Write `client`'s files into the project at `root`, merged into what is there; a second time changes nothing.

    Raises `ClientError` when a file cannot be read or edited, before anything was written.
    """
    if client == "git":  # its hooks lie in the git directory, not in the tree
        return git.install(root)
    return _apply(root, client, client_module(client).edits(Launcher.of(root)))


def remove(root: Path, client: str) -> list[Change]:
    """Undo `install` exactly; from a file that was edited since, take out our parts only."""
    if client == "git":
        return git.remove(root)
    return _revert(root, client, client_module(client).edits(Launcher.of(root)))


def _apply(root: Path, client: str, edits: Sequence[Edit]) -> list[Change]:
    journal = Journal(root)
    changes: list[Change] = []
    planned = _plan(root, edits, undo=False)
    for path, old, new in planned:
        assert new is not None
        journal.record(path, client, old, new)
        action = "unchanged" if old == new else "created" if old is None else "updated"
        changes.append(Change(path, action))
    _write(root, planned, journal)
    return changes


# expert: ignore[FX302] the way back, step by step; what both share is in _plan and the journal
def _revert(root: Path, client: str, edits: Sequence[Edit]) -> list[Change]:
    """Files that other installed clients share stay, files edited since lose our parts only."""
    journal = Journal(root)
    changes: list[Change] = []
    targets: list[_Planned] = []
    for path, old, new in _plan(root, edits, undo=True):
        if journal.shared_with_others(path, client):
            changes.append(Change(path, "unchanged", "another installed client uses it"))
            continue
        known, before = journal.before(path, old)
        target = before if known else new if _holds_ours(root, path, edits, old) else old
        journal.forget(path)
        if old == target:
            continue
        targets.append((path, old, target))
        changes.append(Change(path, "removed" if target is None else "restored"))
    _write(root, targets, journal)
    return changes


def _write(root: Path, targets: Sequence[_Planned], journal: Journal) -> None:
    """Make each file what it shall be, and keep the journal: all of it, or nothing and a `ClientError`."""
    parents = [folder for path in (*(path for path, _, _ in targets), JOURNAL) for folder in (root / path).parents]
    missing = [folder for folder in dict.fromkeys(parents) if not folder.exists()]
    done: list[_Planned] = []
    try:
        for path, old, new in targets:
            if old == new:
                continue
            _put(root / path, new)
            done.append((path, new, old))
        journal.save()
    except OSError as error:
        for path, _, old in done:
            with suppress(OSError):
                _put(root / path, old)
        for folder in sorted(missing, key=lambda one: len(one.parts), reverse=True):
            with suppress(OSError):
                folder.rmdir()
        where = Path(os.fsdecode(error.filename)) if error.filename else root
        raise ClientError(
            f"cannot be written ({error.strerror}); nothing was changed",
            where=str(where.relative_to(root) if where.is_relative_to(root) else where),
            do="Make room or give the right to write there, then run the command again.",
        ) from error


def _put(file: Path, data: bytes | None) -> None:
    if data is None:
        file.unlink()
    else:
        write_atomically(file, data)


def _holds_ours(root: Path, path: str, edits: Sequence[Edit], old: bytes | None) -> bool:
    """Whether one of our edits is in the file: applying them changes less than all of it."""
    text = None if old is None else old.decode()
    return any(edit.path == path and edit.is_applied(text) for edit in edits)


def _plan(root: Path, edits: Sequence[Edit], *, undo: bool) -> list[_Planned]:
    """What is to become of each file, all its edits applied in order."""
    plan: list[_Planned] = []
    for path in dict.fromkeys(edit.path for edit in edits):
        old = _read(root, path)
        text = None if old is None else old.decode("utf-8", errors="strict") if _is_utf8(old) else _refuse(path)
        for edit in edits:
            if edit.path == path:
                text = _guarded(edit.revert if undo else edit.apply, path, text)
        plan.append((path, old, None if text is None else text.encode()))
    return plan


def _guarded(change: Callable[[str | None], str | None], path: str, text: str | None) -> str | None:
    try:
        return change(text)
    except ValueError as error:  # JsoncError and tomlkit's ParseError are both ValueErrors
        raise ClientError(
            str(error), where=path, do="Correct that file, then run the command again; nothing was changed."
        ) from error


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refuse(path: str) -> str:
    raise ClientError(
        "not UTF-8 text", where=path, do="Save it as UTF-8, then run the command again; nothing was changed."
    )


def _read(root: Path, path: str) -> bytes | None:
    try:
        return (root / path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ClientError(f"cannot be read ({error.strerror}); nothing was changed", where=path) from error
