"""The codebase as a draft finds it, without reading or linking it: what the last full look kept, and what changed.

What has changed is found by `stat` alone, and only those files are read; when too much has changed, the codebase is
loaded and the library is written anew.
"""

import os
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fastapi_expert import config
from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.syntax.reader import read_source
from fastapi_expert.config import Config
from fastapi_expert.duplicates.store.library import LIBRARY, Library, Stamps, unpack_library
from fastapi_expert.duplicates.store.overlay import Added, AddedFile, Overlay
from fastapi_expert.store import cache_of

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

TOO_MANY = 40
"""Changed files from which on a full look is cheaper than reading them each time."""
LARGEST = 2_000_000
"""Files longer than this, in bytes, are left out, as they are when the codebase is loaded."""
SOONER_READ = 20_000
"""Bytes of a file up to which it is read sooner than the cache of facts is opened."""


class Lying(NamedTuple):
    """A file that lies in the tree; ``text`` is None where it was read before, and may be another by now."""

    facts: FileFacts
    text: bytes | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A library, and the paths at which the tree at ``root`` differs from it by now."""

    root: Path
    library: Library
    changed: frozenset[str] = frozenset()
    read: Mapping[str, FileFacts] | None = None
    """The files of a codebase that is judged as it was read; None where the tree itself tells."""
    paths: Collection[str] | None = None
    """The files of the tree as it is; None where it was not compared with what the library knows."""

    @classmethod
    def open(cls, root: Path, settings: Config) -> "Snapshot":
        """The tree at ``root`` as it is; leaves a library there for the next time."""
        return cls.ready(root, settings) or cls(root, _look_again(root, settings))

    @classmethod
    def ready(cls, root: Path, settings: Config) -> "Snapshot | None":
        """The tree at ``root`` by the library that the last full look left; None when another look is needed."""
        stored = _stored(library_file(root))
        if stored is not None:
            library, stamps = stored
            changed = _changed(root, stamps, settings)
            if changed is not None:
                gone = {path for path in changed if not os.path.exists(f"{root}/{path}")}
                return cls(root, library, frozenset(changed), paths=(stamps.files.keys() | changed) - gone)
        return None

    @classmethod
    def of(cls, codebase: "Codebase") -> "Snapshot":
        """A codebase that is in memory, as it was read."""
        from fastapi_expert.duplicates.records.extract import records_of
        from fastapi_expert.duplicates.records.purposes import purposes_of
        from fastapi_expert.duplicates.similarity.purposes import PurposeIndex

        library = Library.of(records_of(codebase), PurposeIndex.of(purposes_of(codebase)))
        return cls(codebase.root, library, read=codebase.files)

    def facts(self, path: str) -> FileFacts | None:
        """The facts of a file under the root; None when there is none to read."""
        lying = self.lying(path)
        return lying.facts if lying is not None else None

    def lying(self, path: str) -> Lying | None:
        """A file under the root as it lies there; None when there is none to read."""
        if self.read is not None:
            facts = self.read.get(path)
            return Lying(facts, None) if facts is not None else None
        try:
            file = self.root / path
            found = file.stat()
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
                return None
            text = file.read_bytes()
        except OSError:
            return None
        known = self.known([(path, text)])[0] if len(text) > SOONER_READ else None
        return Lying(known or read_source(text, path), text)

    def sketch(self, settings: Config) -> "Codebase":
        """The tree as a codebase of which only those files are read that somebody asks for."""
        from fastapi_expert.codebase import load, sketched

        if self.read is not None or self.paths is None:
            return load(self.root, exclude=settings.exclude)
        return sketched(self.root.resolve(), self.paths, imports=self._imports, exclude=settings.exclude)

    def _imports(self) -> Mapping[str, Sequence[str]]:
        """Of each file the names under which the files that it needs are imported."""
        modules = self.library.modules
        return {path: [modules.get(one, "") for one in needed] for path, needed in self.library.needs.items()}

    def known(self, texts: Sequence[tuple[str, bytes]]) -> Sequence[FileFacts | None]:
        """The facts of each of the ``texts``, which come with their paths; None for what the cache has not read."""
        if self.read is not None:
            return [None] * len(texts)
        from fastapi_expert.codebase.files.cache import Cache  # a hook judges one file, and does without
        from fastapi_expert.codebase.files.store import digest_of, each_of

        return each_of(Cache.of(self.root), [(path, digest_of(text)) for path, text in texts])

    def overlay(self, *, removed: Collection[str] = ()) -> Overlay:
        """What a draft is judged against that takes ``removed`` away."""
        paths = sorted(self.changed - set(removed))
        present = [facts for path in paths if (facts := self.facts(path)) is not None]
        files = [AddedFile(facts, self.library) for facts in present]
        return Overlay(self.library, self.changed | set(removed), files, Added(files))


def library_file(root: Path) -> Path:
    """Where the library of the project at ``root`` lies."""
    return cache_of(root) / LIBRARY


def _stored(file: Path) -> tuple[Library, Stamps] | None:
    try:
        found = file.stat()
        return _unpacked(file, found.st_ino, found.st_mtime_ns, found.st_size)
    except (OSError, ValueError, TypeError, KeyError, EOFError, OverflowError):
        return None


@lru_cache(maxsize=1)  # a server judges many drafts by one
def _unpacked(file: Path, *_stamp: int) -> tuple[Library, Stamps]:
    return unpack_library(file.read_bytes())


def _changed(root: Path, stamps: Stamps, settings: Config) -> set[str] | None:
    """Files that were changed, added or deleted since; None when they are too many."""
    changed: set[str] = set()
    base = f"{root}/"
    for path, stamp in stamps.files.items():
        try:
            found = os.stat(base + path)
        except OSError:
            changed.add(path)
            continue
        if (found.st_mtime_ns, found.st_size) != stamp:
            changed.add(path)
    for folder, modified in stamps.folders.items():
        try:
            if os.stat(base + folder).st_mtime_ns != modified:
                changed.update(_added(root, folder, stamps))
        except OSError:
            continue
        if len(changed) > TOO_MANY:
            return None
    return {path for path in changed if not any(config.matches(path, one) for one in settings.exclude)}


def _added(root: Path, folder: str, stamps: Stamps) -> Iterator[str]:
    with os.scandir(root / folder) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name.endswith(".py") and path not in stamps.files and entry.is_file(follow_symlinks=False):
                yield path
            elif path not in stamps.folders and entry.is_dir(follow_symlinks=False) and _is_package(entry.path):
                yield from _added(root, path, stamps)


def _is_package(folder: str) -> bool:
    return os.path.exists(f"{folder}/__init__.py")


def _look_again(root: Path, settings: Config) -> Library:
    """Load everything, and leave the library for the next time."""
    from fastapi_expert.codebase import load
    from fastapi_expert.duplicates.store.incremental import rebuild

    return rebuild(load(root, exclude=settings.exclude))
