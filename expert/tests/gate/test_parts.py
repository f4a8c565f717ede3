"""The gate's parts that have a law or a table of their own."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worktree import Work

from fastapi_expert.environment import Environment, environment, home_of
from fastapi_expert.gate.checks.annotations import annotation_findings
from fastapi_expert.gate.checks.process import Output
from fastapi_expert.gate.checks.tools import (
    BLACK,
    ISORT,
    RUFF_FORMAT,
    RUFF_IMPORTS,
    Call,
    tools_for,
)
from fastapi_expert.gate.tree.content import Tree
from fastapi_expert.git import Repository


def rules(source: str, path: str = "app/a.py") -> list[tuple[int, str]]:
    return [(finding.line, finding.rule) for finding in annotation_findings(source.encode(), path)]


@pytest.mark.parametrize(
    "line",
    [
        "x = y  # type: ignore",
        "x = y  # type: ignore[attr-defined]",
        "x = y  # pyright: ignore",
        "x = y  # pyright: ignore[reportAny]  # noqa: F401",
        "x = y  #type:ignore # --",
    ],
)
def test_an_ignore_without_a_reason_is_found(line: str) -> None:
    assert rules(line) == [(1, "unexplained-ignore")]


@pytest.mark.parametrize(
    "line",
    [
        "x = y  # type: ignore[attr-defined]  # the stubs are behind",
        "x = y  # type: ignore - set by the framework",
        "x = y  # noqa: F401  # pyright: ignore[reportAny] because of ctypes",
        's = "# type: ignore"',
        '"""\n# type: ignore\n"""',
        "x = y  # types ignore nothing",
    ],
)
def test_an_ignore_with_a_reason_or_in_a_string_is_not(line: str) -> None:
    assert rules(line) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(a): ...", True),
        ("def f(a: int): ...", True),
        ("def f(a) -> int: ...", True),
        ("def f(*args, **kwargs) -> None: ...", True),
        ("def f(a: int, *, b: str = '') -> int: ...", False),
        ("class A:\n    def __init__(self, a: int): ...", False),
        ("class A:\n    def f(self) -> int: ...\n    @classmethod\n    def g(cls) -> int: ...", False),
        ("class A:\n    @staticmethod\n    def f(a) -> int: ...", True),
        ("def f() -> int:\n    def inner(a): ...\n    return 1", False),
        ("def f(_request) -> int: ...", False),
        ("@router.get('/', response_model=int)\ndef f(a: int): ...", False),
        ("@router.get('/')\ndef f(a: int): ...", True),
        ("f = lambda a: a", False),
    ],
)
def test_a_function_without_annotations_is_found(source: str, found: bool) -> None:
    assert bool(rules(source)) is found
    assert rules(source, "tests/test_a.py") == []


@given(st.binary(max_size=200))
def test_our_own_checks_survive_any_bytes(source: bytes) -> None:
    annotation_findings(source + b" # type: ignore", "a.py")


def call(root: Path, *files: str) -> Call:
    return Call(Tree(root, root, ""), root, files, Path("python"))


def test_a_diff_is_read_by_its_counts_not_by_what_its_lines_look_like(tmp_path: Path) -> None:
    diff = "--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n x\n--- b.py\n+@@ -9 +9 @@\n y\n@@ -8,2 +8 @@\n-gone\n z\n"
    found = BLACK.read(Output(1, diff, ""), call(tmp_path, "a.py"))
    assert [(finding.path, finding.line, finding.end_line, finding.text) for finding in found] == [
        ("a.py", 2, 2, "@@ -9 +9 @@"),
        ("a.py", 8, 8, ""),
    ]


def test_diffs_of_several_files_and_of_the_missing_last_newline_are_told_apart(tmp_path: Path) -> None:
    diff = (
        "--- a b.py\t2026-01-01\n+++ a b.py\t2026\n@@ -1 +1 @@\n-x=1\n\\ No newline at end of file\n+x = 1\n"
        f"--- {tmp_path}/c.py:before\t2026\n+++ {tmp_path}/c.py:after\t2026\n@@ -2,0 +3 @@\n+y\n"
    )
    found = BLACK.read(Output(1, diff, ""), call(tmp_path, "a b.py", "c.py"))
    assert [(finding.path, finding.line, finding.text) for finding in found] == [
        ("a b.py", 1, "x = 1"),
        ("c.py", 2, "y"),
    ]


@pytest.mark.parametrize(
    ("files", "formatter", "sorter"),
    [
        ({}, BLACK, ISORT),
        ({"pyproject.toml": "[tool.black]\n"}, BLACK, ISORT),
        ({"pyproject.toml": "[tool.ruff]\nline-length = 100\n"}, RUFF_FORMAT, RUFF_IMPORTS),
        ({"pyproject.toml": "[tool.ruff]\n[tool.black]\n"}, BLACK, RUFF_IMPORTS),
        ({"pyproject.toml": "[tool.ruff]\n[tool.ruff.lint.isort]\nx = 1\n"}, RUFF_FORMAT, RUFF_IMPORTS),
        ({"pyproject.toml": "[tool.ruff]\n[tool.isort]\n"}, RUFF_FORMAT, ISORT),
        ({".pre-commit-config.yaml": "- id: ruff-format\n- id: black-jupyter\n"}, RUFF_FORMAT, None),
        ({"requirements-dev.txt": "ruff==0.9\nblack==24\n"}, BLACK, RUFF_IMPORTS),
    ],
)
def test_the_project_s_own_formatter_is_taken(
    tmp_path: Path, files: dict[str, str], formatter: object, sorter: object
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    chosen = {tool.label: tool for tool in tools_for(tmp_path, tmp_path)}
    assert chosen["format"] is formatter
    assert chosen.get("imports") is sorter


@pytest.mark.parametrize(
    ("lock", "command"),
    [
        ("uv.lock", "uv add --dev x"),
        ("poetry.lock", "poetry add --group dev x"),
        ("pdm.lock", "pdm add -dG dev x"),
        ("Pipfile", "pipenv install --dev x"),
        ("requirements.txt", ".venv/bin/python -m pip install x"),
    ],
)
def test_a_missing_tool_is_installed_the_project_s_way(tmp_path: Path, lock: str, command: str) -> None:
    (tmp_path / lock).touch()
    assert Environment(tmp_path, tmp_path / ".venv").install("x") == command


def test_the_environment_nearest_to_the_code_is_taken(tmp_path: Path) -> None:
    for folder in (tmp_path / ".venv", tmp_path / "backend/venv"):
        folder.mkdir(parents=True)
        (folder / "pyvenv.cfg").touch()
    (tmp_path / "backend/app").mkdir()
    assert environment(tmp_path / "backend/app", tmp_path).prefix == tmp_path / "backend/venv"
    assert environment(tmp_path, tmp_path).prefix == tmp_path / ".venv"


def test_a_tool_runs_where_its_configuration_is(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.pyright]\n")
    (tmp_path / "pkg/pyproject.toml").write_text("[project]\n")
    assert home_of("pkg/a.py", tmp_path, ("pyproject.toml:[tool.pyright", "pyproject.toml")) == tmp_path
    assert home_of("pkg/a.py", tmp_path, ("pyproject.toml",)) == tmp_path / "pkg"
    assert home_of("pkg/a.py", tmp_path, ("nothing",)) == tmp_path


def test_changed_lines_are_read_whatever_the_lines_and_names_are(work: Work) -> None:
    odd = ["t\tab.py", "line\nbreak.py", 'quo"te.py', "back\\slash.py", "ü.py", "sp ace.py"]
    for name in odd:
        work.write(name, "a\nb\nc\n")
    work.commit("chore: odd")
    for name in odd:
        work.write(name, "a\n--- b/x\n+++ b/y\n@@ -1 +1 @@\nc\nd", stage=False)
    assert Repository.find(work.root).changed_lines("HEAD") == {name: [(2, 4), (6, 6)] for name in odd}
