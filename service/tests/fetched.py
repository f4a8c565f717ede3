"""Tools for one test that the lock does not hold, since they want other versions of what it holds.

Each is fetched once, into the virtual environment. Without a network there is nothing to be known of them: that is a
skip with its reason, and a failure in CI.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest


def python_packages(name: str, *requirements: str, options: tuple[str, ...] = ()) -> Path:
    """A directory with these packages, to be put on PYTHONPATH before everything installed."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    installer = [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    return _fetched(name, lambda place: [*installer, "--quiet", *options, "--target", str(place), *requirements])


def node_packages(name: str, *requirements: str) -> Path:
    """A directory with `node_modules`."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: nothing is known of TypeScript")
    quiet = ("--no-audit", "--no-fund", "--no-save", "--loglevel=error")
    return _fetched(name, lambda place: [npm, "install", *quiet, "--prefix", str(place), *requirements])


def _fetched(name: str, command: Callable[[Path], list[str]]) -> Path:
    place = Path(sys.prefix) / "fetched" / name
    if place.exists():
        return place
    place.parent.mkdir(exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=place.parent))
    installed = subprocess.run(command(made), capture_output=True, text=True)
    if installed.returncode:
        shutil.rmtree(made)
        message = f"{name} cannot be had, so nothing is known of it: {installed.stderr[-500:]}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    made.chmod(0o755)
    try:
        made.rename(place)
    except OSError:  # another run was faster
        shutil.rmtree(made)
    return place
