"""What linking may read beside the facts: data files that module level reads, and bodies that the facts left out.

Routers of plugins are often named in a file beside the code (`plugin.toml`). What was read is remembered, so that
whoever keeps a result of linking can tell whether it still holds.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from fastapi_expert.codebase.files.listing import MAX_BYTES
from fastapi_expert.codebase.resolve.libraries import Libraries
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.ir import Stmt
from fastapi_expert.codebase.syntax.reader import Bodies

DATA = (".toml", ".json", ".yaml", ".yml")
"""Data that a project's own code reads while it puts itself together."""
_LIBRARY = "library: "
"""Stands before the path of a file that belongs to a library and is edited in place."""


_FILLING = frozenset({"append", "appendleft", "extend", "insert", "add", "update", "setdefault"})


class _Changed(NamedTuple):
    """The names of a module that its functions bind anew, and those that they put something into."""

    rebound: set[str]
    filled: set[str]


class Sources:
    """The files of one codebase by relative path; ``hashes`` are those of the Python files that its facts are of."""

    def __init__(self, root: Path, hashes: dict[str, bytes], libraries: Libraries | None = None) -> None:
        self.root = root
        self.libraries = libraries
        """What is installed beside the project; None where nothing is."""
        self.hashes = hashes
        self.read: dict[str, bytes | None] = {}
        """Each data file that was asked for, with the hash of its content; None when it was not there."""
        self.bodies_read: set[tuple[str, str]] = set()
        """Functions, by path and qualname, whose statements somebody wanted to know."""
        self._bodies: dict[str, Bodies | None] = {}
        self._missed: set[str] = set()
        self._changed: dict[str, _Changed] = {}

    def text(self, path: str) -> str | None:
        """The content of a data file below the root; None when it is not there or no text."""
        content = self._content(path)
        self.read[path] = None if content is None else _hash(content)
        try:
            return None if content is None else content.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def text_if_there(self, path: str) -> str | None:
        """The same; that a file was not there is no reason to link this state again."""
        if os.path.isfile(self.root / path):
            return self.text(path)
        self._missed.add(path)
        return None

    @property
    def edited_libraries(self) -> dict[str, bytes]:
        """The files of libraries that were read and change without an install, with their hashes."""
        return self.libraries.edited if self.libraries is not None else {}

    def has_changed(self) -> bool:
        """Whether a data file says something else by now, or a library that somebody edits."""
        return (self.libraries is not None and self.libraries.have_changed()) or any(
            known != (None if (content := self._content(path)) is None else _hash(content))
            for path, known in self.read.items()
        )

    def besides(self) -> dict[str, str | None]:
        """Every file that was asked for and is no Python of the project, with the hash of what it held."""
        read = {**dict.fromkeys(self._missed), **self.read}
        read |= {f"{_LIBRARY}{path}": known for path, known in self.edited_libraries.items()}
        return {path: None if known is None else known.hex() for path, known in read.items()}

    def hash_of(self, path: str) -> str | None:
        """The same hash of one of these files as it is now; None when it is not there."""
        if path.startswith(_LIBRARY):
            known = self.libraries.hash_of(path.removeprefix(_LIBRARY)) if self.libraries is not None else None
        else:
            content = self._content(path)
            known = None if content is None else _hash(content)
        return None if known is None else known.hex()

    def body(self, path: str, qualname: str) -> tuple[Stmt, ...] | None:
        """The statements of a function; None when its file is not what it was when the facts were read."""
        self.bodies_read.add((path, qualname))
        bodies = self._bodies_of(path)
        return bodies.of(qualname) if bodies is not None else None

    def _bodies_of(self, path: str) -> Bodies | None:
        if path not in self._bodies:
            content = self._content(path)
            same = content is not None and _hash(content) == self.hashes.get(path)
            self._bodies[path] = Bodies(content) if content is not None and same else None
        return self._bodies[path]

    def forget_bodies(self) -> None:
        """Let go of the statements; they are read again where somebody asks."""
        self._bodies.clear()

    def rebinds(self, path: str, name: str) -> bool:
        """Whether a function of the file says `global NAME`: what module level binds is not what it has later."""
        return name in self._changed_in(path).rebound

    def fills(self, path: str, name: str) -> bool:
        """Whether a function of the file puts something into NAME: what is empty at first is not so later."""
        return name in self._changed_in(path).filled

    def _changed_in(self, path: str) -> "_Changed":
        if path not in self._changed:
            bodies = self._bodies_of(path)
            self._changed[path] = found = _Changed(set(), set())
            for body in bodies.all() if bodies else ():
                found.rebound.update(_globals(body))
                found.filled.update(_filled(body))
        return self._changed[path]

    @property
    def read_whole(self) -> frozenset[str]:
        """Files of which the statements of every function were asked for."""
        return frozenset(self._changed)

    def _content(self, path: str) -> bytes | None:
        try:
            file = (self.root / path).resolve()
            if not file.is_relative_to(self.root) or not file.is_file() or file.stat().st_size > MAX_BYTES:
                return None
            return file.read_bytes()
        except OSError:
            return None


def _globals(body: Iterable[Stmt]) -> Iterator[str]:
    for statement in body:
        said = ir.match(statement, ir.Global)
        if said is not None and said.is_global:
            yield from said.names
        for inner in ir.blocks(statement):
            yield from _globals(inner)


def _hash(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


def parsed(text: str, kind: str) -> Any:
    """The value of TOML, JSON or YAML; raises ValueError when it is none."""
    if kind == "toml":
        import tomllib

        return tomllib.loads(text)
    if kind == "json":
        return json.loads(text)
    import yaml  # slow to import, and few projects read any while they register routes

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _filled(body: Sequence[Stmt]) -> Iterator[str]:
    yield from _given_items(body)
    for expr in (one for outer in ir.expressions(body) for one in ir.walk(outer)):
        call = ir.match(expr, ir.Call)
        name, _, method = call.function.rpartition(".") if call and isinstance(call.function, str) else ("", "", "")
        if name and method in _FILLING:
            yield name


def _given_items(body: Iterable[Stmt]) -> Iterator[str]:
    for statement in body:
        assigned = ir.match(statement, ir.Assign)
        item = ir.match(assigned.target, ir.Subscript) if assigned is not None else None
        if item is not None and isinstance(item.value, str):
            yield item.value
        for inner in ir.blocks(statement):
            yield from _given_items(inner)
