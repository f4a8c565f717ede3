"""`propose` for a hook: from the cache, without reading or linking the codebase.

The library of the last full look lies in one file. What has changed since is found by `stat` alone, and only those
files are read; when too much has changed, the codebase is loaded and the file is written anew.
"""

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from fastapi_expert import config as configuration
from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.syntax.reader import read_source
from fastapi_expert.config import Config
from fastapi_expert.duplicates.model import Proposal
from fastapi_expert.duplicates.proposing import DRAFT, Shelf, judge_draft
from fastapi_expert.duplicates.store import library
from fastapi_expert.duplicates.store.library import Library, Stamps, unpack_library

LIBRARY = Path(".expert") / "cache" / library.LIBRARY
TOO_MANY = 40
"""Changed files from which on a full look is cheaper than reading them each time."""
LARGEST = 2_000_000
"""Files longer than this, in bytes, are left out, as they are when the codebase is loaded."""


def propose_from_cache(
    root: Path,
    source: bytes,
    as_path: str | None,
    *,
    replaces: Collection[str] = (),
    beside: Sequence[FileFacts] = (),
    before: bytes | None = None,
    config: Config | None = None,
) -> Proposal:
    """The verdict on ``source``, which will lie at ``as_path`` (under ``root``) and replace the files ``replaces``.

    ``beside`` are files as they will be when the same change is made. ``before`` is the text that it replaces; what
    lies at ``as_path`` when left out.
    """
    settings = config or configuration.load(root)
    path = relative(root, as_path)
    shelf = _shelf(root, settings, without={*replaces, *([path] if path else []), *[one.path for one in beside]})
    shelf = replace(shelf, fresh=[*shelf.fresh, *beside]) if beside else shelf
    old = read_source(before, path or DRAFT) if before is not None else facts_at(root, path) if path else None
    draft = read_source(source, path or DRAFT)
    return judge_draft(draft, shelf, path=path, before=old, settings=settings)


def relative(root: Path, path: str | None) -> str | None:
    """``path`` as the codebase names its files; outside of the root it stays as it is."""
    if path is None:
        return None
    try:
        return (root / path).resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return Path(path).as_posix()


def _shelf(root: Path, settings: Config, *, without: set[str]) -> Shelf:
    known = _stored(root / LIBRARY)
    if known is not None:
        library, stamps = known
        changed = _changed(root, stamps, settings)
        if changed is not None:
            fresh = [facts for path in sorted(changed - without) if (facts := facts_at(root, path)) is not None]
            return Shelf(library, changed | without, fresh)
    return Shelf(_look_again(root, settings), without)


def _stored(file: Path) -> tuple[Library, Stamps] | None:
    try:
        return unpack_library(file.read_bytes())
    except (OSError, ValueError, TypeError, KeyError, EOFError, OverflowError):
        return None


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
    return {path for path in changed if not any(configuration.matches(path, one) for one in settings.exclude)}


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


def facts_at(root: Path, path: str) -> FileFacts | None:
    """The facts of a file under ``root`` as it is now; None when there is none to read."""
    try:
        file = root / path
        found = file.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            return None
        return read_source(file.read_bytes(), path)
    except OSError:
        return None


def _look_again(root: Path, settings: Config) -> Library:
    """Load everything, and leave the library for the next time."""
    from fastapi_expert.codebase import load
    from fastapi_expert.duplicates.store.incremental import keep

    return Library.of(*keep(load(root, exclude=settings.exclude)))
