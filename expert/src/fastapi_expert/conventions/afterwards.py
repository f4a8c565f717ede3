"""What must follow a change: a migration after a table's, a generated client after an endpoint's."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.link.roles import is_migration
from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.conventions.model import Place, Step
from fastapi_expert.git import work_tree_around
from fastapi_expert.scaffold.revisions import Chain

_GENERATORS = re.compile(
    r"generate-client|openapi-ts\b|openapi-typescript|\borval\b|openapi-generator|swagger-codegen|openapi-python-client"
)
_REVISION = re.compile(r"alembic\b[^\n]*\brevision\b")
_READ = frozenset({"Makefile", "justfile", "Justfile", "package.json", "Taskfile.yml", ".pre-commit-config.yaml"})
_SUFFIXES = (".sh", ".md", ".toml", ".yml", ".yaml")
_NEVER = frozenset({"node_modules", ".git", ".venv", "venv", "dist", "build", ".expert", "site-packages"})
_DEPTH = 3
_MOST_BYTES = 200_000
_MOST_FILES = 400


def afterwards(codebase: Codebase) -> tuple[Step, ...]:
    """The steps, each with the line that says how."""
    root = codebase.folder
    texts = list(_texts(work_tree_around(root), root))
    steps: list[Step] = []
    revisions = {path: facts for path, facts in codebase.files.items() if is_migration(facts)}
    if revisions:
        newest = _newest(revisions, root)
        said = _line_of(texts, _REVISION)
        what = f"a migration, after {newest} (of {len(revisions)})"
        steps.append(Step("a table or column changes", what, said or Place(newest, 1)))
    generator = _line_of(texts, _GENERATORS, scripts_first=True)
    if generator is not None:
        steps.append(Step("a route or schema changes", "the client is generated anew", generator))
    layers = root / ".importlinter"
    if layers.is_file():
        steps.append(Step("a package is new", "its layer is named for import-linter", Place(".importlinter", 1)))
    return tuple(steps)


def _newest(revisions: dict[str, FileFacts], root: Path) -> str:
    """The migration that no other follows, else the last by name."""
    for folder in sorted({path.rpartition("/")[0] for path in revisions}):
        chain = Chain.read(root / folder)
        if len(chain.heads) == 1:
            return f"{folder}/{chain.files[chain.head()].name}".lstrip("/")
    return max(revisions)


def _texts(top: Path, root: Path) -> Iterator[tuple[str, str]]:
    """Small files that say how one works here, by their path relative to ``root``."""
    read = 0
    waiting = [(top, 0)]
    while waiting and read < _MOST_FILES:
        folder, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                if depth < _DEPTH and entry.name not in _NEVER:
                    waiting.append((path, depth + 1))
            elif (entry.name in _READ or entry.name.endswith(_SUFFIXES)) and entry.is_file(follow_symlinks=False):
                text = _small(path)
                read += bool(text)
                yield os.path.relpath(path, root).replace(os.sep, "/"), text


def _small(path: Path) -> str:
    """The text of a small file; nothing of a large one, or of one that cannot be read."""
    try:
        return path.read_text("utf-8", errors="replace") if path.stat().st_size <= _MOST_BYTES else ""
    except OSError:
        return ""


def _line_of(texts: list[tuple[str, str]], wanted: re.Pattern[str], *, scripts_first: bool = False) -> Place | None:
    """The first line that matches; of scripts before that of pages, where that is asked."""
    ranked = sorted(texts, key=lambda one: (one[0].endswith(".md") if scripts_first else False, one[0].count("/")))
    for path, text in ranked:
        found = wanted.search(text)
        if found is not None:
            return Place(path, text.count("\n", 0, found.start()) + 1)
    return None
