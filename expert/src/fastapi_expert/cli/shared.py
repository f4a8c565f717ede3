"""What every command does first: find the project, read its configuration, read the code, say so when it takes long."""

import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from fastapi_expert import config
from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase import load as load_codebase
from fastapi_expert.codebase.syntax.facts import ImportFacts
from fastapi_expert.errors import ExpertError, UsageError


def project(path: Path | None) -> Path:
    """What to read: ``path`` as given (a directory, or one Python file), or the project around the current directory.

    Raises:
        UsageError: ``path`` is not there, or is a file that is not Python.
    """
    if path is None:
        return config.project_root(Path.cwd())
    if not path.exists():
        raise UsageError("there is no such directory", where=str(path), do="give the directory of a codebase")
    if path.is_file() and path.suffix != ".py":
        raise UsageError("this is not a Python file", where=str(path), do=f"give a directory, say {path.parent}")
    return path.resolve()


def folder(root: Path) -> Path:
    """The directory that paths are relative to: ``root``, or the one around it when it is a file."""
    return root if root.is_dir() else root.parent


_read: list[Codebase] = []
"""What a command read lives as long as its process: giving a million objects back one by one takes a while."""


def read(root: Path, settings: config.Config) -> Codebase:
    """The codebase below ``root``.

    Raises:
        ExpertError: there is no Python file at all.
    """
    with progress(f"reading {root.name or root}"):
        codebase = load_codebase(root, exclude=settings.exclude)
    _read[:] = [codebase]
    if not codebase.files:
        raise ExpertError(
            "no Python file here", where=str(root), do="go to the project's directory, or give it as PATH"
        )
    return codebase


def notice_if_no_fastapi(codebase: Codebase) -> None:
    """Say on standard error when nothing here is FastAPI's: the wrong directory looks like an empty answer."""
    if any(component.kind in ("app", "router", "endpoint") for component in codebase.inventory.components):
        return
    using = [path for path, facts in codebase.files.items() if any(map(_is_of_framework, facts.imports))]
    if using:
        what = f"FastAPI is used in {len(using)} files, {using[0]} first, and none of its routers could be read"
        sys.stderr.write(f"note: {what}; routes --problems says what is known\n")
    else:
        sys.stderr.write(f"note: no FastAPI application or router in {codebase.inventory.root}\n")


def _is_of_framework(imported: ImportFacts) -> bool:
    return imported.module.partition(".")[0] in ("fastapi", "starlette")


def repository_prefix(root: Path) -> str:
    """From the repository's root to ours, as code hosts want their paths; empty outside of one."""
    for directory in (root, *root.parents):
        if (directory / ".git").exists():
            path = root.relative_to(directory).as_posix()
            return "" if path == "." else f"{path}/"
    return ""


@contextmanager
def progress(what: str) -> Generator[None]:
    """Tell a person at a terminal, after one second, what is being waited for; silent everywhere else.

    An alarm and no thread: the reader forks, and forking with threads about is asking for trouble.
    """
    if not sys.stderr.isatty() or not hasattr(signal, "setitimer"):
        yield
        return
    began = time.monotonic()

    def tick(_number: int, _frame: FrameType | None) -> None:
        sys.stderr.write(f"\r\033[K{what} … {time.monotonic() - began:.0f} s")
        sys.stderr.flush()

    previous = signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if time.monotonic() - began > 1:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
