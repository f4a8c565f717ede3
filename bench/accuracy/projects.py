"""Real projects to measure on: where their code lies below a corpora folder, and what may be sampled from it."""

import ast
import os
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.accuracy.mutators import Function, statements_of

SOURCES = {
    "hng": "hng/api",
    "mealie": "mealie/mealie",
    "docs_src": "fastapi/docs_src",
    "dispatch": "dispatch/src/dispatch",
    "fba": "fba/backend",
    "polar": "polar/server/polar",
    "realworld": "realworld/app",
    "fsft": "fsft/backend/app",
    "open-webui": "open-webui",
    "airflow": "airflow",
}
TUNED_ON = ("hng", "mealie", "docs_src")
"""Thresholds were chosen on these; every figure on the others is on code never looked at for it."""


@dataclass(frozen=True)
class Sample:
    """A function or class of a project; ``path`` is relative to the project's folder."""

    path: str
    line: int
    end_line: int
    name: str
    node: ast.AST
    text: str

    @property
    def function(self) -> Function:
        assert isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef)
        return self.node


@dataclass(frozen=True)
class Project:
    name: str
    folder: Path
    functions: Sequence[Sample]
    schemas: Sequence[Sample]
    donors: Sequence[ast.stmt]
    """Simple statements of this project, to be inserted into another one's functions."""


def read(name: str, corpora: Path, scratch: Path) -> Project | None:
    """The project of a name below ``corpora``; None when it is not there."""
    source = corpora / SOURCES[name]
    return read_folder(name, source, scratch) if source.is_dir() else None


def read_folder(name: str, source: Path, scratch: Path) -> Project:
    """Copy a project's Python files to ``scratch`` and collect what can be sampled."""
    folder = scratch / name / source.name  # imports name it
    shutil.copytree(source, folder, ignore=_only_python, symlinks=True)
    functions: list[Sample] = []
    classes: list[tuple[str, ast.ClassDef]] = []
    donors: list[ast.stmt] = []
    for file in sorted(folder.rglob("*.py")):
        path = file.relative_to(folder).as_posix()
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError):
            continue
        if any(part in path for part in ("migrations/", "alembic", "versions/", "tests/", "test_", "conftest")):
            continue
        for node in _top_level(tree):
            if isinstance(node, ast.ClassDef):
                classes.append((path, node))
                continue
            inside = statements_of(node)
            donors += [one for one in inside if isinstance(one, ast.Assign | ast.Expr)]
            if 6 <= len(inside) <= 40 and not node.name.startswith(("test", "__")):
                functions.append(_sample(path, node))
    bare = {"BaseModel"} | {one.name for _, one in classes if _bases(one) == ["BaseModel"] and not _fields(one)}
    schemas = [_sample(path, one) for path, one in classes if len(_fields(one)) >= 3 and _is_only(one, bare)]
    return Project(name, folder, functions, schemas, donors)


def _only_python(folder: str, names: list[str]) -> list[str]:
    return [
        name
        for name in names
        if not (name.endswith(".py") or os.path.isdir(os.path.join(folder, name))) or name in (".git", ".expert")
    ]


def _top_level(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """Functions and methods, but no nested functions; classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.If | ast.Try):
            for child in node.body:
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                    if not any("overload" in ast.unparse(one) for one in child.decorator_list):
                        yield child
                elif isinstance(child, ast.ClassDef):
                    yield child


def _bases(node: ast.ClassDef) -> list[str]:
    return [ast.unparse(base) for base in node.bases]


def _is_only(node: ast.ClassDef, bases: set[str]) -> bool:
    """A pydantic model that inherits no field from this project."""
    return len(node.bases) == 1 and set(_bases(node)) <= bases


def _fields(node: ast.ClassDef) -> list[ast.AnnAssign]:
    return [one for one in node.body if isinstance(one, ast.AnnAssign) and _is_public(one)]


def _is_public(field: ast.AnnAssign) -> bool:
    name = ast.unparse(field.target)
    return not name.startswith("_") and name != "model_config" and "ClassVar" not in ast.unparse(field.annotation)


def _sample(path: str, node: Function | ast.ClassDef) -> Sample:
    return Sample(path, node.lineno, node.end_lineno or node.lineno, node.name, node, ast.unparse(node))


def chosen(samples: Sequence[Sample], count: int, seed: int) -> list[Sample]:
    """``count`` of them, the same for the same seed."""
    return random.Random(seed).sample(list(samples), min(count, len(samples)))
