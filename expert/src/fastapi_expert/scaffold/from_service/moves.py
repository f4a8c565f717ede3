"""Imports of what the template has moved, rewritten in the files that a project has added or changed.

A merge brings the template's own files to their new places; what the project wrote itself still imports the old ones.
``moves.toml`` says what is where now.
"""

import ast
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

Name = tuple[str, str]
"""A module, and what is imported from it."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Old dotted name to new: of modules (and what is below them), of single names in them, of attributes."""

    modules: dict[str, str]
    names: dict[str, str]
    attributes: dict[str, str]

    @classmethod
    def read(cls) -> "Moves":
        table = tomllib.loads((files("fastapi_expert.scaffold") / "moves.toml").read_text(encoding="utf-8"))
        return cls(table["modules"], table["names"], table["attributes"])

    def of(self, module: str, name: str) -> Name | None:
        """Where `name` of `module` is now; None when it has not moved."""
        dotted = f"{module}.{name}"
        if (moved := self.names.get(dotted) or self.modules.get(dotted)) is not None:
            return _split(moved)
        prefix = module
        while prefix:
            if (moved := self.modules.get(prefix)) is not None:
                return moved + module[len(prefix) :], name
            prefix = prefix.rpartition(".")[0]
        return None


def rewrite(source: str, moves: Moves) -> str:
    """`source` with its imports led to the new places; a name that is called otherwise there keeps its old one here.

    What cannot be parsed (a merge's conflict marks) stays as it is.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    lines = source.splitlines(keepends=True)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    changed = False
    for node in sorted(imports, key=lambda node: node.lineno, reverse=True):
        if (statements := _rewritten(node, moves)) is not None:
            indent = " " * node.col_offset
            lines[node.lineno - 1 : node.end_lineno] = [f"{indent}{statement}\n" for statement in statements]
            changed = True
    text = "".join(lines)
    if changed:
        for old, new in moves.attributes.items():
            owner, _, attribute = old.rpartition(".")
            text = re.sub(rf"\b{owner}\.{attribute}\b", f"{owner}.{new}", text)
    return text


def rewrite_files(root: Path, paths: Iterable[str]) -> list[str]:
    """Rewrite these files of the project at `root`; those that changed."""
    moves = Moves.read()
    changed: list[str] = []
    for path in paths:
        source = (root / path).read_text(encoding="utf-8")
        if (rewritten := rewrite(source, moves)) != source:
            (root / path).write_text(rewritten, encoding="utf-8")
            changed.append(path)
    return changed


def _rewritten(node: ast.ImportFrom, moves: Moves) -> list[str] | None:
    """The statements that import the same from where it is now; None when nothing of it has moved."""
    assert node.module is not None
    found: dict[str, list[str]] = {}
    moved = False
    for alias in node.names:
        place = moves.of(node.module, alias.name)
        moved = moved or place is not None
        module, name = place or (node.module, alias.name)
        bound = alias.asname or alias.name
        found.setdefault(module, []).append(name if name == bound else f"{name} as {bound}")
    return [f"from {module} import {', '.join(names)}" for module, names in found.items()] if moved else None


def _split(dotted: str) -> Name:
    module, _, name = dotted.rpartition(".")
    return module, name
