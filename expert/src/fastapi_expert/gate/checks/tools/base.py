"""What a tool of the gate is: how it is called on a list of files, how its output is read, what shows its use."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fastapi_expert.gate.checks.process import Broken, Output
from fastapi_expert.gate.model import Finding
from fastapi_expert.gate.tree.content import Tree

Check = Literal["format", "imports", "lint", "security", "types"]
PROJECT = ("pyproject.toml", "setup.cfg", "setup.py", "requirements.txt")
"""What marks the folder of a project, the surest sign first."""


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a tool: in ``home``, on ``files`` (relative to ``tree.root``), with the project's ``python``."""

    tree: Tree
    home: Path
    files: tuple[str, ...]
    python: Path

    @property
    def paths(self) -> list[str]:
        """The files as the tool is given them, relative to ``home``; none can be taken for an option."""
        return [f"./{(self.tree.root / file).relative_to(self.home).as_posix()}" for file in self.files]

    def path(self, printed: str) -> str | None:
        """A path that the tool printed, relative to the root; None for a file that was not asked about."""
        found = self.tree.path(printed, self.home)
        if found in self.files:
            return found
        # a name that is not UTF-8 comes back with marks in place of its bytes
        return next((file for file in self.files if not file.isascii() and _printed(file) == found), None)


def _printed(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Tool:
    """``homes`` mark the folder that it runs in. ``alone`` says that its findings in a file depend on no other file.

    A team uses it when it runs ``command`` (its first words), or else has one of ``tables`` in pyproject.toml (or
    setup.cfg, tox.ini), one of ``files``, or depends on ``package``.
    """

    name: str
    check: Check
    package: str
    arguments: Callable[[Call], list[str]]
    read: Callable[[Output, Call], list[Finding]]
    command: tuple[str, ...]
    tables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    homes: tuple[str, ...] = PROJECT
    alone: bool = True
    fix: Callable[[Call], list[str]] | None = None

    @property
    def label(self) -> str:
        """The check that it makes."""
        return self.check


def json_of(output: Output) -> Any:
    start = min((position for position in map(output.out.find, "[{") if position >= 0), default=0)
    try:
        return json.loads(output.out[start:])
    except ValueError:
        raise Broken(f"exit code {output.code}, unreadable output: {output.last_words}") from None


def pyproject(home: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads((home / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


_TEXT = re.compile(
    r"(?P<path>.+?):(?P<line>\d+)(?::(?P<column>\d+))?: error(?:\[(?P<before>[\w.-]+)\]|:) (?P<message>.*)"
)


def read_lines(output: Output, call: Call) -> list[Finding]:
    """Type errors a line: ``path:line:column: error: message  [rule]`` (mypy) or ``error[rule] message`` (ty)."""
    if output.code not in (0, 1):
        raise Broken(f"exit code {output.code}: {output.last_words}")
    found: list[Finding] = []
    for match in map(_TEXT.match, output.out.splitlines()):
        if match is None or (path := call.path(match["path"])) is None:
            continue
        behind = re.search(r"\s+\[([\w-]+)\]$", match["message"])
        message = match["message"][: behind.start()] if behind else match["message"]
        rule, line = match["before"] or (behind[1] if behind else "error"), int(match["line"])
        found.append(
            Finding("types", rule, path, line, line, call.tree.with_real_paths(message), int(match["column"] or 1))
        )
    return found
