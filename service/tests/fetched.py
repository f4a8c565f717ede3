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
from hashlib import sha256
from pathlib import Path

import pytest

FETCHED_WITHIN = 90
"""Seconds."""


def python_packages(name: str, *requirements: str, options: tuple[str, ...] = ()) -> Path:
    """A directory with these packages, to be put on PYTHONPATH before everything installed."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    installer = [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    return _fetched(name, lambda place: [*installer, "--quiet", *options, "--target", str(place), *requirements])


def node_project(folder: Path) -> Path:
    """A directory with the `node_modules` that a project's `package-lock.json` names, hashes checked."""
    npm = shutil.which("npm")
    if npm is None:
        message = "npm is not installed (.ci/run does it): nothing is known of TypeScript"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    files = [folder / name for name in ("package.json", "package-lock.json")]
    quiet = ("--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1", "--fetch-timeout=20000")

    def command(place: Path) -> list[str]:
        for file in files:
            shutil.copy(file, place)
        return [npm, "ci", *quiet, "--prefix", str(place)]

    version = sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    return _fetched(f"{folder.name}-{version}", command)


def _fetched(name: str, command: Callable[[Path], list[str]]) -> Path:
    place = Path(sys.prefix) / "fetched" / name
    if place.exists():
        return place
    place.parent.mkdir(exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=place.parent))
    if fault := _fault_of(command(made)):
        shutil.rmtree(made)
        message = f"{name} cannot be had, so nothing is known of it: {fault}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    made.chmod(0o755)
    try:
        made.rename(place)
    except OSError:  # another run was faster
        shutil.rmtree(made)
    return place


def _fault_of(command: list[str]) -> str:
    """Why it did not succeed; empty when it did."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=FETCHED_WITHIN)
    except subprocess.TimeoutExpired:
        return f"nothing came within {FETCHED_WITHIN} s"
    return ran.stderr[-500:] or f"exit code {ran.returncode}" if ran.returncode else ""
