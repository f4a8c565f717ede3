"""``.expert/cache/installed.json``: what each file was before the first client touched it, and what we made of it."""

import base64
import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from fastapi_expert.store import ensure_ignored, write_atomically

JOURNAL = ".expert/cache/installed.json"


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


class Journal:
    """One `_Entry` for each file, and the folders that installing had to make."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._entries: dict[str, _Entry] = {}
        self._folders: set[str] = set()
        # Without a readable journal removing takes out our parts instead of restoring bytes.
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            loaded = json.loads((root / JOURNAL).read_bytes())
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
            self._note_folders(JOURNAL)
            entries = {path: asdict(entry) for path, entry in sorted(self._entries.items())}
            journal = {"folders": sorted(self._folders), "files": entries}
            write_atomically(self._root / JOURNAL, json.dumps(journal, indent=1).encode())
            ensure_ignored(self._root / ".expert/cache")
        elif (self._root / JOURNAL).exists():
            (self._root / JOURNAL).unlink()
            cache = self._root / ".expert/cache"
            if [entry.name for entry in cache.iterdir()] == [".gitignore"]:
                (cache / ".gitignore").unlink()
        for folder in sorted(self._folders, key=len, reverse=True):
            with contextlib.suppress(OSError):  # not empty: somebody else's files live there by now
                (self._root / folder).rmdir()


def _digest(raw: bytes | None) -> str:
    return "" if raw is None else hashlib.sha256(raw).hexdigest()
