"""Which interpreter is asked: the one that is given, else the project's own."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from fastapi_expert.environment import environment
from fastapi_expert.errors import UsageError


def interpreter(folder: Path, root: Path, chosen: Path | None) -> Path:
    """The interpreter for an application in ``folder`` of the project at ``root``.

    Raises:
        UsageError: the one that was ``chosen`` is none, or there is none at all.
    """
    if chosen is not None:
        return _given(chosen)
    found = environment(folder, _top(root)).prefix
    if found is not None:
        return environment(folder, _top(root)).python
    if find_spec("fastapi") is not None:  # we are installed beside the project's own packages
        return Path(sys.executable)
    on_path = shutil.which("python3") or shutil.which("python")
    if on_path is None:
        raise UsageError("no environment of this project is found", where=str(root), do="name one with --python PATH")
    return Path(on_path)


def _given(chosen: Path) -> Path:
    """An interpreter, or the environment that holds it."""
    for path in (chosen, chosen / "bin" / "python", chosen / "Scripts" / "python.exe"):
        if path.is_file():
            return path.absolute()  # not resolved: what a link in an environment leads to knows nothing of it
    on_path = shutil.which(str(chosen)) if chosen.name == str(chosen) else None
    if on_path is None:
        raise UsageError("there is no such interpreter", where=str(chosen), do="give --python PATH of a python")
    return Path(on_path)


def _top(root: Path) -> Path:
    """How far upward an environment is sought: the top of the repository."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return folder
    return root
