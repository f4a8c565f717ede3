"""One interface for every client: a client is a list of edits, an edit knows how to be made and how to be undone.

Installing plans every new text first and writes only when all of them could be made, so a malformed file stops the
installation before anything changed. What was there before is kept in ``.expert/cache/installed.json``: as long as a
file is as we left it, removing restores the old bytes; once its owner edited it, removing takes out our parts only.
"""

import base64
import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from fastapi_expert.clients import jsonc
from fastapi_expert.errors import ExpertError
from fastapi_expert.store import ensure_ignored, write_atomically

Action = Literal["created", "updated", "unchanged", "restored", "removed"]


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one file; ``path`` is relative to the project with `/`."""

    path: str
    action: Action
    note: str = ""


class ClientError(ExpertError):
    """A client's file cannot be read or edited. Nothing was written."""


class Edit(Protocol):
    """`made` and `undone` map the text of a file (None: no such file) to its new text (None: delete it)."""

    @property
    def path(self) -> str: ...
    def made(self, text: str | None) -> str | None: ...
    def undone(self, text: str | None) -> str | None: ...


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file that is ours alone."""

    path: str
    content: str

    def made(self, text: str | None) -> str | None:
        return self.content

    def undone(self, text: str | None) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class JsonMember:
    """A member of a JSON document, comments allowed."""

    path: str
    keys: tuple[str, ...]
    value: Any

    def made(self, text: str | None) -> str | None:
        return _ended(jsonc.set_member(text or "{}", self.keys, self.value))

    def undone(self, text: str | None) -> str | None:
        return None if text is None else _unless_empty(jsonc.remove_member(text, self.keys))


@dataclass(frozen=True, slots=True)
class JsonHeader:
    """A member that a JSON document of this kind begins with (``version``, ``$schema``): the owner's own is kept."""

    path: str
    key: str
    value: Any

    def made(self, text: str | None) -> str | None:
        if text and jsonc.find(jsonc.parse(text), (self.key,)):
            return text
        return _ended(jsonc.set_member(text or "{}", (self.key,), self.value))

    def undone(self, text: str | None) -> str | None:
        return None if text is None or list(jsonc.plain(jsonc.parse(text))) == [self.key] else text


@dataclass(frozen=True, slots=True)
class JsonItem:
    """An item of an array in a JSON document; `made` twice it is there once."""

    path: str
    keys: tuple[str, ...]
    value: Any

    def made(self, text: str | None) -> str | None:
        return _ended(jsonc.append_item(text or "{}", self.keys, self.value))

    def undone(self, text: str | None) -> str | None:
        return None if text is None else _unless_empty(jsonc.remove_item(text, self.keys, self.value))


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A table of a TOML document, appended at its end."""

    path: str
    keys: tuple[str, ...]
    value: dict[str, Any]

    def made(self, text: str | None) -> str | None:
        import tomlkit

        document = tomlkit.parse(text or "")
        table: Any = document
        for key in self.keys[:-1]:
            table = table.setdefault(key, tomlkit.table(is_super_table=True))
        if table.get(self.keys[-1]) == self.value:
            return text
        table[self.keys[-1]] = self.value
        return tomlkit.dumps(document)

    def undone(self, text: str | None) -> str | None:
        if text is None:
            return None
        import tomlkit

        document = tomlkit.parse(text)
        parents: list[Any] = [document]
        for key in self.keys[:-1]:
            if key not in parents[-1]:
                return text
            parents.append(parents[-1][key])
        for parent, key in zip(reversed(parents), reversed(self.keys), strict=True):
            if key in parent and (key == self.keys[-1] or not parent[key]):
                del parent[key]
        return tomlkit.dumps(document) or None


@dataclass(frozen=True, slots=True)
class MarkdownBlock:
    """A block of a Markdown file between two comments that name us; the rest of the file belongs to its owner."""

    path: str
    content: str
    begin: str = "<!-- fastapi-expert: begin -->"
    end: str = "<!-- fastapi-expert: end -->"

    def made(self, text: str | None) -> str | None:
        block = f"{self.begin}\n{self.content.strip()}\n{self.end}\n"
        if not text:
            return block
        if span := self._span(text):
            return text[: span[0]] + block + text[span[1] :]
        return f"{text.rstrip()}\n\n{block}"

    def undone(self, text: str | None) -> str | None:
        span = self._span(text) if text else None
        if text is None or span is None:
            return text
        head, tail = text[: span[0]].rstrip(), text[span[1] :].lstrip("\n")
        return "\n".join(filter(None, [head and head + "\n", tail])) or None

    def _span(self, text: str) -> tuple[int, int] | None:
        start, stop = text.find(self.begin), text.find(self.end)
        if start < 0 or stop < start:
            return None
        stop += len(self.end)
        return start, stop + 1 if text[stop : stop + 1] == "\n" else stop


def install(root: Path, client: str, edits: Sequence[Edit]) -> list[Change]:
    """Make `edits` in the project at `root` for `client`; a second time changes nothing.

    Raises `ClientError` before anything is written when a file cannot be read or edited.
    """
    journal = _Journal(root)
    changes: list[Change] = []
    planned: list[tuple[str, bytes | None, bytes]] = []
    for path, old, new in _plan(root, edits, undo=False):
        assert new is not None
        planned.append((path, old, new))
    for path, old, new in planned:
        journal.record(path, client, old, new)
        if old == new:
            changes.append(Change(path, "unchanged"))
            continue
        write_atomically(root / path, new)
        changes.append(Change(path, "created" if old is None else "updated"))
    journal.save()
    return changes


# expert: ignore[FX302] the way back, step by step; what both share is in _plan and the journal
def remove(root: Path, client: str, edits: Sequence[Edit]) -> list[Change]:
    """Undo `edits`; files that other installed clients share stay, files edited since lose our parts only."""
    journal = _Journal(root)
    changes: list[Change] = []
    for path, old, new in _plan(root, edits, undo=True):
        if journal.shared_with_others(path, client):
            changes.append(Change(path, "unchanged", "another installed client uses it"))
            continue
        known, before = journal.before(path, old)
        target = before if known else new
        journal.forget(path)
        if old == target:
            continue
        if target is None:
            (root / path).unlink()
        else:
            write_atomically(root / path, target)
        changes.append(Change(path, "removed" if target is None else "restored"))
    journal.save()
    return changes


def _plan(root: Path, edits: Sequence[Edit], *, undo: bool) -> list[tuple[str, bytes | None, bytes | None]]:
    """(path, bytes now, bytes then) a file, all its edits applied in order."""
    plan: list[tuple[str, bytes | None, bytes | None]] = []
    for path in dict.fromkeys(edit.path for edit in edits):
        old = _read(root, path)
        text = None if old is None else old.decode("utf-8", errors="strict") if _is_utf8(old) else _refuse(path)
        for edit in edits:
            if edit.path == path:
                text = _guarded(edit.undone if undo else edit.made, path, text)
        plan.append((path, old, None if text is None else text.encode()))
    return plan


def _guarded(change: Callable[[str | None], str | None], path: str, text: str | None) -> str | None:
    try:
        return change(text)
    except ValueError as error:  # JsoncError and tomlkit's ParseError are both ValueErrors
        raise ClientError(
            str(error), where=path, do="Mend that file, then run the command again; nothing was changed."
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


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _unless_empty(text: str) -> str | None:
    return text if jsonc.plain(jsonc.parse(text)) else None


@dataclass(slots=True)
class _Entry:
    """What a file was before the first of `clients` touched it, and the digest of what we made of it.

    `before` is None for a file that did not exist; `foreign` says our part was there already, so there is nothing
    to restore.
    """

    clients: list[str]
    before: str | None
    after: str
    foreign: bool = False


class _Journal:
    """``.expert/cache/installed.json``: one `_Entry` a file, and the folders that installing had to make."""

    _where = Path(".expert/cache/installed.json")

    def __init__(self, root: Path) -> None:
        self._root = root
        self._entries: dict[str, _Entry] = {}
        self._folders: set[str] = set()
        # Without a readable journal removing takes out our parts instead of restoring bytes.
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            loaded = json.loads((root / self._where).read_bytes())
            self._entries = {path: _Entry(**entry) for path, entry in loaded["files"].items()}
            self._folders = set(loaded["folders"])

    def record(self, path: str, client: str, old: bytes | None, new: bytes) -> None:
        entry = self._entries.get(path)
        if entry is None or entry.after != _digest(old):
            before = None if old is None else base64.b64encode(old).decode()
            entry = _Entry([], before, "", foreign=old == new)
            self._note_folders(path)
        entry.after = _digest(new)
        entry.clients = sorted({*entry.clients, client})
        self._entries[path] = entry

    def before(self, path: str, now: bytes | None) -> tuple[bool, bytes | None]:
        """(known, bytes): known only while the file is as we left it."""
        entry = self._entries.get(path)
        if entry is None or entry.foreign or entry.after != _digest(now):
            return False, None
        return True, None if entry.before is None else base64.b64decode(entry.before)

    def shared_with_others(self, path: str, client: str) -> bool:
        entry = self._entries.get(path)
        if entry is None or not (others := [name for name in entry.clients if name != client]):
            return False
        entry.clients = others
        return True

    def forget(self, path: str) -> None:
        self._entries.pop(path, None)

    def _note_folders(self, path: str) -> None:
        parents = Path(path).parents[:-1]
        self._folders |= {folder.as_posix() for folder in parents if not (self._root / folder).exists()}

    def save(self) -> None:
        if self._entries:
            self._note_folders(str(self._where))
            entries = {path: asdict(entry) for path, entry in sorted(self._entries.items())}
            journal = {"folders": sorted(self._folders), "files": entries}
            write_atomically(self._root / self._where, json.dumps(journal, indent=1).encode())
            ensure_ignored(self._root / ".expert/cache")
        elif (self._root / self._where).exists():
            (self._root / self._where).unlink()
            cache = self._root / ".expert/cache"
            if [entry.name for entry in cache.iterdir()] == [".gitignore"]:
                (cache / ".gitignore").unlink()
        for folder in sorted(self._folders, key=len, reverse=True):
            with contextlib.suppress(OSError):  # not empty: somebody else's files live there by now
                (self._root / folder).rmdir()


def _digest(raw: bytes | None) -> str:
    return "" if raw is None else hashlib.sha256(raw).hexdigest()
