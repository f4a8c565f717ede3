"""What notes a folder holds, without reading them; taken before every question, so it costs as little as can be.

A directory whose own times are what they were has the entries that it had: making, removing and renaming an entry
changes them (POSIX.1-2017, open, unlink, rename). It is not listed again; only the files in it are looked at.
"""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

RACY_NS = 100_000_000  # what changed this recently may change again within its time stamp's resolution


class Stamp(NamedTuple):
    """What tells, without reading it, whether a file is still the one that was read."""

    mtime_ns: int
    size: int
    inode: int


FileState = tuple[str, int, int, int]
"""A path relative to the root, and its `Stamp`."""
_stamp_of = attrgetter("st_mtime_ns", "st_size", "st_ino")
_times_of = attrgetter("st_mtime_ns", "st_ctime_ns", "st_ino")
_Times = tuple[int, int, int]
_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Directory:
    """One directory's notes and the directories below it; no ``times``: it is too young to be known by them."""

    times: _Times | None
    names: tuple[str, ...]
    below: tuple[str, ...]
    files: tuple[str, ...]
    stamps: Sequence[_Stamp]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The notes of a folder at one moment, by directory (``""`` or ending with ``/``)."""

    directories: Mapping[str, _Directory] = field(default_factory=dict[str, _Directory])

    def states(self) -> set[FileState]:
        """Every note."""
        return {
            (prefix + name, *stamp)
            for prefix, directory in self.directories.items()
            for name, stamp in zip(directory.names, directory.stamps, strict=True)
        }

    def since(self, before: "Snapshot") -> set[str]:
        """The notes that came, went or changed since ``before``."""
        differing = [
            prefix
            for prefix in self.directories.keys() | before.directories.keys()
            if self.directories.get(prefix) is not before.directories.get(prefix)
        ]
        return {path for path, *_ in self._part(differing).states() ^ before._part(differing).states()}

    def _part(self, prefixes: Iterable[str]) -> "Snapshot":
        return Snapshot({prefix: self.directories[prefix] for prefix in prefixes if prefix in self.directories})


def look(root: Path, before: Snapshot | None = None) -> Snapshot:
    """The notes below ``root`` now; nothing hidden, and no link is followed.

    The directories of ``before`` that have not changed are taken from it.
    """
    known = (before or Snapshot()).directories
    found: dict[str, _Directory] = {}
    pending = [("", str(root))]
    while pending:
        prefix, path = pending.pop()
        directory = _directory(path, known.get(prefix))
        if directory:
            found[prefix] = directory
            pending += [(f"{prefix}{name}/", f"{path}/{name}") for name in directory.below]
    return Snapshot(found)


def stamp(path: str | Path) -> Stamp | None:
    """The stamp of one file; None when it is gone, has become a link, or is not ours to look at."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return Stamp(*_stamp_of(found)) if S_ISREG(found.st_mode) else None


def _directory(path: str, old: _Directory | None) -> _Directory | None:
    now = time.time_ns()
    try:
        times: _Times = _times_of(os.stat(path))
    except OSError:
        return None
    same = old is not None and old.times == times
    names, below = (old.names, old.below) if old and same else _entries(path)
    files = old.files if old and old.names == names else tuple(f"{path}/{name}" for name in names)
    try:
        stamps: Sequence[_Stamp] = list(map(_stamp_of, map(os.lstat, files)))
    except OSError:  # one went meanwhile
        existing = [(name, found) for name, file in zip(names, files, strict=True) if (found := stamp(file))]
        names, stamps = tuple(name for name, _ in existing), [found for _, found in existing]
        files = tuple(f"{path}/{name}" for name in names)
    if old and same and names is old.names and stamps == old.stamps:
        return old
    return _Directory(times if now - max(times[:2]) > RACY_NS else None, names, below, files, stamps)


def _entries(path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the notes and of the directories in a directory; none where it may not be read."""
    notes: list[str] = []
    below: list[str] = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name[0] == ".":
                    continue
                if entry.name[-3:].lower() == ".md" and entry.is_file(follow_symlinks=False):
                    notes.append(entry.name)
                elif entry.is_dir(follow_symlinks=False):
                    below.append(entry.name)
    except OSError:
        return (), ()
    return tuple(notes), tuple(below)
