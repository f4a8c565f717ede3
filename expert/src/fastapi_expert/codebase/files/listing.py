"""Which Python files a codebase has: what git tracks plus what it does not ignore, else a walk."""

import os
import stat
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi_expert.codebase.model import Problem

MAX_BYTES = 2_000_000
"""A larger Python file is data or generated; it is reported and not read."""

_NEVER = frozenset({"node_modules", "site-packages", "dist-packages", "__pycache__", "__pypackages__"})
"""Folders that hold other people's code, unless git tracks them."""
_ENVIRONMENT_MARKS = frozenset({"pyvenv.cfg", "conda-meta"})
"""What lies in the folder of a virtual environment."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read: ``path`` relative to the root with `/`, and what `stat` says to tell whether it changed."""

    path: str
    mtime_ns: int
    size: int
    inode: int

    @property
    def stamp(self) -> tuple[int, int, int]:
        return (self.mtime_ns, self.size, self.inode)


def list_files(root: Path, *, exclude: Sequence[str] = ()) -> tuple[list[SourceFile], list[Problem]]:
    """The Python files under ``root``, sorted by path, and what could not be listed.

    ``exclude`` holds patterns over the relative path (`tests/*`, `**/migrations/**`); a pattern that names a
    directory excludes what it holds. A single file is a codebase of one.
    """
    if root.is_file():
        found = _stat(str(root), root.name, problems := [])
        return ([found] if found else []), problems
    problems: list[Problem] = []
    base = str(root)
    files: dict[str, SourceFile] = {}
    tracked = _git_files(base)
    for relative in tracked if tracked is not None else _walk(base, problems):
        if _excluded(relative, exclude):
            continue
        found = _stat(os.path.join(base, relative), relative, problems)
        if found is not None:
            files[relative] = found
    return [files[path] for path in sorted(files)], problems


def _stat(absolute: str, relative: str, problems: list[Problem]) -> SourceFile | None:
    try:
        status = os.lstat(absolute)
        if stat.S_ISLNK(status.st_mode):  # what it leads to is read in its own place, if it is the project's
            if not os.path.exists(absolute):
                problems.append(Problem(relative, 1, "symbolic link to a file that is not there; not read"))
            return None
    except FileNotFoundError:
        return None  # deleted in the work tree but still in git's index
    except OSError as error:
        problems.append(Problem(relative, 1, f"cannot be read: {error.strerror or error}"))
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    if status.st_size > MAX_BYTES:
        problems.append(Problem(relative, 1, f"{status.st_size:,} bytes is more than {MAX_BYTES:,}; not read"))
        return None
    return SourceFile(relative, status.st_mtime_ns, status.st_size, status.st_ino)


def _git_files(base: str) -> list[str] | None:
    """Tracked and untracked-not-ignored files, or None where git does not help (no repository, no git, an error)."""
    if not _inside_work_tree(base):
        return None
    command = [
        "git",
        "-C",
        base,
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.quotepath=false",
        "ls-files",
        "-t",
        "-z",
        "-c",
        "-o",
    ]
    command += ["--exclude-standard", "--deduplicate", "--", "*.py"]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=30, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return None
    marked = [(name[:1] == b"?", os.fsdecode(name[2:])) for name in answer.stdout.split(b"\0") if name]
    if not marked:
        return None  # an ignored directory was given on purpose (a virtual environment's packages, say): walk it
    environments: dict[str, bool] = {}
    return [
        path
        for is_new, path in marked
        if not _is_hidden(path) and not (is_new and _never(path)) and not _in_environment(base, path, environments)
    ]


def _in_environment(base: str, path: str, known: dict[str, bool]) -> bool:
    """Whether one of the folders around ``path`` is a virtual environment."""
    folder = path.rpartition("/")[0]
    if not folder:
        return False
    if folder not in known:
        here = any(os.path.exists(os.path.join(base, folder, mark)) for mark in _ENVIRONMENT_MARKS)
        known[folder] = here or _in_environment(base, folder, known)
    return known[folder]


def _inside_work_tree(base: str) -> bool:
    folder = os.path.abspath(base)
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return False
        folder = parent
    return True


def _never(path: str) -> bool:
    return any(part in _NEVER for part in path.split("/")[:-1])


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") and len(part) > 1 for part in path.split("/")[:-1])


def _walk(base: str, problems: list[Problem]) -> Iterator[str]:
    """Every `.py` file below ``base``; symbolic links to folders are not followed."""
    stack = [""]
    while stack:
        relative = stack.pop()
        try:
            with os.scandir(os.path.join(base, relative) if relative else base) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            problems.append(Problem(relative or ".", 1, f"cannot be listed: {error.strerror or error}"))
            continue
        if relative and any(entry.name in _ENVIRONMENT_MARKS for entry in listed):
            continue
        for entry in listed:
            path = f"{relative}/{entry.name}" if relative else entry.name
            if entry.name.endswith(".py"):
                yield path
            elif entry.name not in _NEVER and not entry.name.startswith(".") and _is_directory(entry):
                stack.append(path)


def _is_directory(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _excluded(path: str, patterns: Sequence[str]) -> bool:
    if not patterns:
        return False
    from fastapi_expert.config import matches  # not needed by most runs

    return any(matches(path, pattern) for pattern in patterns)
