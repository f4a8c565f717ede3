"""The oldest FastAPI that pyproject.toml claims runs the service, too.

The lock holds the newest; the oldest is laid over it from a directory of its own, kept in the virtual environment.
0.137 made `app.routes` a tree, so the two runs stand on either side of that change.
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.fetched import python_packages

SERVICE = Path(__file__).resolve().parents[2]
ENDPOINTS = ["tests/contract/test_table.py", "tests/contract/test_openapi.py"]
"""Every endpoint is called, signed in and not, and the document says what they answer."""

ALL = ["tests/contract", "tests/authorisation"]


def claimed() -> str:
    """The lower bound of the service's requirement."""
    project = tomllib.loads((SERVICE / "pyproject.toml").read_text())["project"]
    bounds = [re.fullmatch(r"fastapi>=([\d.]+)", requirement) for requirement in project["dependencies"]]
    return next(bound[1] for bound in bounds if bound)


@pytest.fixture(scope="module")
def oldest() -> Path:
    """A directory with that FastAPI and nothing else, to be put before everything installed."""
    return python_packages(f"fastapi-{claimed()}", f"fastapi=={claimed()}", options=("--no-deps",))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("tests", [ENDPOINTS, pytest.param(ALL, marks=pytest.mark.fuzz)], ids=["endpoints", "all"])
def test_the_contract_holds_on_the_oldest_fastapi_claimed(oldest: Path, tests: list[str]):
    environment = {**os.environ, "PYTHONPATH": str(oldest), "PYTEST_ADDOPTS": ""}
    environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST_XDIST")}
    version = [sys.executable, "-c", "import fastapi; print(fastapi.__version__)"]
    assert subprocess.check_output(version, env=environment, text=True).startswith(claimed())
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        "pyproject.toml",
        "--rootdir",
        ".",
        "-n",
        "0",
        "-k",
        "not postgres",
    ]
    finished = subprocess.run([*command, *tests], cwd=SERVICE, env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout[-6000:] + finished.stderr[-1000:]
    assert int(re.search(r"(\d+) passed", finished.stdout)[1]) > 100
