"""A small FastAPI project in a real repository, clean by every check of the gate."""

from pathlib import Path

import pytest
from worktree import Work, committed_work

PROJECT = {
    "pyproject.toml": """\
[project]
name = "small"
version = "1"
dependencies = ["fastapi"]

[tool.black]
line-length = 100

[tool.isort]
profile = "black"

[tool.fastapi-expert.check]
skip = ["types", "tests"]
""",
    "app/__init__.py": "",
    "app/main.py": '''\
"""A greeter."""

from fastapi import FastAPI

from app.words import greeting

app = FastAPI()


@app.get("/hello/{name}")
def hello(name: str) -> dict[str, str]:
    """Say hello."""
    return {"message": greeting(name)}
''',
    "app/words.py": '''\
"""Words."""


def greeting(name: str) -> str:
    """Hello to somebody."""
    return f"Hello, {name.strip().title()}!"


def farewell(name: str) -> str:
    """Goodbye to somebody."""
    cleaned = name.strip().lower()
    return f"See you, {cleaned}."
''',
    "tests/__init__.py": "",
    "tests/test_main.py": """\
from fastapi.testclient import TestClient

from app.main import app


def test_hello():
    assert TestClient(app).get("/hello/ada").json() == {"message": "Hello, Ada!"}
""",
    "tests/test_words.py": """\
import pathlib

from app.words import farewell


def test_farewell():
    pathlib.Path("farewell-ran.txt").write_text("yes")
    assert farewell("Ada") == "See you, ada."
""",
    ".gitignore": ".expert/\n*-ran.txt\n__pycache__/\n",
}


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """The project, committed; types and tests are switched off, because they take seconds."""
    return committed_work(tmp_path / "small", PROJECT)


@pytest.fixture
def tested(work: Work) -> Work:
    """The same with its tests run."""
    return _skipping(work, 'skip = ["types"]\n')


@pytest.fixture
def whole(work: Work) -> Work:
    """The same with every check on."""
    return _skipping(work, "")


def _skipping(work: Work, line: str) -> Work:
    text = (work.root / "pyproject.toml").read_text()
    work.write("pyproject.toml", text.replace('skip = ["types", "tests"]\n', line))
    work.commit("build: check more")
    return work
