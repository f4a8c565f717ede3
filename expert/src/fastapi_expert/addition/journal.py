"""Several files written as one: until all of them stand, a journal says what was there.

A run that was cut short, by whatever, is found by the next one, which puts back what the journal says, unless somebody
has worked on one of the files since: then it names it.
"""

import json
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.plan import File
from fastapi_expert.store import cache_of, ensure_ignored, try_lock, write_atomically

_JOURNAL, _LOCK = "add.journal", "add.lock"


@contextmanager
def alone(root: Path) -> Generator[None]:
    """One addition to the project at ``root`` at a time. Raises ExpertError when another is at work."""
    folder = cache_of(root)
    ensure_ignored(folder)
    with (folder / _LOCK).open("a") as lock:
        if not try_lock(lock.fileno()):
            raise ExpertError("another `expert add` is at work here", where=str(root), do="Wait until it is done.")
        yield


def write_all(root: Path, files: Sequence[File]) -> None:
    """Write every file, or leave all as they were.

    Raises:
        ExpertError: one of them has changed since it was read, or cannot be written.
    """
    for path, before, _ in files:
        if _text(root / path) != before:
            raise ExpertError("this has changed in the meantime", where=path, do="Run the command again.")
    journal = cache_of(root) / _JOURNAL
    ensure_ignored(journal.parent)
    folders = sorted({str(folder.relative_to(root)) for path, _, _ in files for folder in _missing(root, path)})
    rows = [{"path": path, "before": before, "after": after} for path, before, after in files]
    write_atomically(journal, json.dumps({"files": rows, "folders": folders}).encode())
    try:
        for path, _, after in files:
            write_atomically(root / path, after.encode())
    except BaseException:
        recover(root)
        raise
    journal.unlink()


def with_line_ends(root: Path, files: Sequence[File]) -> tuple[File, ...]:
    """The files with the line ends that those have which are there."""
    found: list[File] = []
    for path, before, after in files:
        there = _text(root / path) if before is not None else None
        if there is not None and "\r\n" in there and there.replace("\r\n", "\n") == before:
            found.append((path, there, after.replace("\n", "\r\n")))
        else:
            found.append((path, before, after))
    return tuple(found)


def recover(root: Path) -> tuple[str, ...]:
    """Undo an addition that was cut short; the paths that were put back.

    Raises:
        ExpertError: a file of it holds neither what was there nor what was written.
    """
    journal = cache_of(root) / _JOURNAL
    try:
        kept = json.loads(journal.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except ValueError:
        raise ExpertError(
            "this journal cannot be read", where=str(journal), do="Look at `git status`, delete it."
        ) from None
    files: list[File] = [(row["path"], row["before"], row["after"]) for row in kept["files"]]
    touched = [path for path, before, after in files if _text(root / path) not in (before, after)]
    if touched:
        raise ExpertError(
            "an `expert add` was cut short here, and somebody has changed what it wrote",
            where=", ".join(touched),
            do=f"Keep what you need of {', '.join(path for path, _, _ in files)}, then delete {journal}.",
        )
    back: list[str] = []
    for path, before, _ in files:
        for left in (root / path).parent.glob(f".{Path(path).name}.????????"):  # a write that was cut short
            left.unlink()
        if _text(root / path) != before:
            back.append(path)
            if before is None:
                (root / path).unlink()
            else:
                write_atomically(root / path, before.encode())
    for folder in sorted(kept["folders"], key=len, reverse=True):
        with suppress(OSError):  # somebody has put something there
            (root / folder).rmdir()
    journal.unlink()
    return tuple(back)


def _missing(root: Path, path: str) -> list[Path]:
    """The folders that writing ``path`` would make."""
    folder, found = (root / path).parent, list[Path]()
    while folder != root and not folder.exists():
        found.append(folder)
        folder = folder.parent
    return found


def _text(file: Path) -> str | None:
    try:
        with open(file, encoding="utf-8", newline="") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ExpertError(f"cannot be read: {error}", where=os.fspath(file)) from None
