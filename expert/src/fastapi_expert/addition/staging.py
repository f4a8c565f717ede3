"""A copy of the project to try an addition in: nothing of what is tried there can be left behind in the project.

What git ignores is copied as far as an application needs it to start (`.env`, generated sources, keys); databases are
not, and environments are linked.
"""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from fastapi_expert.git import work_tree_around
from fastapi_expert.scaffold.plan import File

MOST_BYTES = 5_000_000
"""A larger file is data: it is linked, and nothing that is tried writes to it."""
_SKIPPED = frozenset({".git", ".expert", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"})
_LINKED = frozenset({"node_modules"})
_DATABASES = frozenset({".db", ".sqlite", ".sqlite3", ".db-wal", ".db-shm", ".sqlite3-journal"})


@dataclass(frozen=True, slots=True)
class Staging:
    """``top`` is the copy of ``real_top``, the repository around the project; ``root`` is the project's own in it."""

    top: Path
    real_top: Path
    root: Path

    def put(self, files: Iterable[File]) -> None:
        """The files as they will be."""
        for path, _, after in files:
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(after, encoding="utf-8", newline="")

    def take_back(self, files: Iterable[File]) -> None:
        """The files as they were."""
        for path, before, _ in files:
            if before is None:
                (self.root / path).unlink(missing_ok=True)
            else:
                (self.root / path).write_text(before, encoding="utf-8", newline="")

    def text(self, path: str) -> str:
        with open(self.root / path, encoding="utf-8", newline="") as stream:
            return stream.read()

    def of_root(self, path: str) -> str:
        """A path of the repository, relative to the project."""
        return Path(os.path.relpath(self.top / path, self.root)).as_posix()

    def of_top(self, path: str) -> str:
        """A path of the project, relative to the top."""
        return (self.root / path).relative_to(self.top).as_posix()


@contextmanager
def staging(root: Path) -> Generator[Staging]:
    """A copy of the project at ``root`` for as long as the block runs; copies that were left behind are removed."""
    top = work_tree_around(root)
    mark = f"fastapi-expert-add-{blake2b(os.fsencode(root), digest_size=6).hexdigest()}-"
    _remove_abandoned(mark)
    with tempfile.TemporaryDirectory(prefix=f"{mark}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder).resolve() / top.name
        _copy(top, copy)
        yield Staging(copy, top, copy / root.relative_to(top))


def _remove_abandoned(mark: str) -> None:
    for left in Path(tempfile.gettempdir()).glob(f"{mark}*"):
        number = left.name.removeprefix(mark).partition("-")[0]
        if number.isdigit() and not _is_alive(int(number)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _copy(top: Path, copy: Path) -> None:
    for source in _entries(top):
        target = copy / source.relative_to(top)
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # a socket, a file of somebody else's
            if source.is_dir() or source.stat().st_size > MOST_BYTES:
                os.symlink(source, target, target_is_directory=source.is_dir())
            else:
                shutil.copy2(source, target, follow_symlinks=not source.is_symlink())


def _entries(top: Path) -> Iterator[Path]:
    """The files to copy, and the environments to link."""
    waiting = [top]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                path = Path(entry.path)
                if entry.name in _SKIPPED:
                    continue
                if not entry.is_dir(follow_symlinks=False):
                    if path.suffix not in _DATABASES:
                        yield path
                elif entry.name in _LINKED or (path / "pyvenv.cfg").is_file():
                    yield path
                else:
                    waiting.append(path)
