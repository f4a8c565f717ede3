"""What `expert install git` changed, kept in the git directory so that it can be undone byte for byte.

A file that is still as we left it gets its old bytes and mode back; one that somebody edited since loses our part only.
"""

import base64
import contextlib
import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class State:
    """A file at one moment: its bytes and its mode; both None when there is no such file."""

    data: bytes | None = None
    mode: int | None = None

    @classmethod
    def of(cls, path: Path) -> "State":
        """The state of ``path`` now."""
        try:
            return cls(path.read_bytes(), path.stat().st_mode & 0o7777)
        except (FileNotFoundError, NotADirectoryError):
            return cls()

    def put(self, path: Path) -> None:
        """Make ``path`` so. A symbolic link stays one: what it points to is written."""
        if self.data is None:
            path.unlink(missing_ok=True)
            return
        spare = path.resolve().with_name(f".{path.name}.expert-tmp")
        spare.write_bytes(self.data)
        os.chmod(spare, self.mode if self.mode is not None else 0o644)
        spare.replace(path.resolve())


@dataclass(slots=True)
class Journal:
    """The states from before, by absolute path, and what we made of them."""

    path: Path
    before: dict[str, State] = field(default_factory=dict[str, State])
    after: dict[str, str] = field(default_factory=dict[str, str])
    folders: list[str] = field(default_factory=list[str])

    @classmethod
    def load(cls, path: Path) -> "Journal":
        """The journal at ``path``; an empty one when there is none, or none that can be read."""
        journal = cls(path)
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            written: dict[str, Any] = json.loads(path.read_bytes())
            for name, entry in written["files"].items():
                data = entry["before"]
                journal.before[name] = State(None if data is None else base64.b64decode(data), entry["mode"])
                journal.after[name] = entry["after"]
            journal.folders = list(written["folders"])
        return journal

    def change(self, path: Path, state: State) -> bool:
        """Bring ``path`` into ``state`` and remember what was there at first; False when it is so already."""
        old = State.of(path)
        if old == state:
            return False
        self.before.setdefault(str(path), old)
        for folder in [folder for folder in path.parents if not folder.exists()][::-1]:
            folder.mkdir()
            self.folders.append(str(folder))
        state.put(path)
        self.after[str(path)] = _digest(State.of(path))
        return True

    def untouched(self, path: str) -> bool:
        """Whether the file is still as we left it."""
        return self.after.get(path) == _digest(State.of(Path(path)))

    def forget(self, path: str) -> None:
        """The file is as it was before us, or its owner's by now."""
        self.before.pop(path, None)
        self.after.pop(path, None)

    def close(self) -> None:
        """Write the journal; when nothing is left in it, take it and the folders we made away."""
        if self.before:
            files = {
                name: {
                    "before": None if state.data is None else base64.b64encode(state.data).decode(),
                    "mode": state.mode,
                    "after": self.after[name],
                }
                for name, state in self.before.items()
            }
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps({"folders": self.folders, "files": files}, indent=1), encoding="utf-8")
            return
        self.path.unlink(missing_ok=True)
        for folder in [*self.folders[::-1], str(self.path.parent)]:
            with contextlib.suppress(OSError):  # somebody else's files live there by now
                Path(folder).rmdir()


def _digest(state: State) -> str:
    return "" if state.data is None else f"{state.mode:o}:{hashlib.sha256(state.data).hexdigest()}"
