"""Which tests there are, and what runs for all: conftests, autouse fixtures, hooks. Nothing is imported."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from fastapi_expert.codebase.resolve.names import Names
from fastapi_expert.codebase.vocabulary import is_test_module, is_test_path
from fastapi_expert.gate.impact.pieces import INIT, Piece

Node = tuple[str, str]
"""A file and the name of a piece in it; ``("", name)`` is "some method of this name"."""
FIXTURE = re.compile(r"@\s*(?:pytest\.|pytest_asyncio\.)?fixture\b")
_XUNIT = frozenset(
    {"setup_module", "teardown_module", "setup_function", "teardown_function", "setUpModule", "tearDownModule"}
)


@dataclass(frozen=True, slots=True)
class Test:
    """A test as pytest is told of it: ``path::Class::name``."""

    id: str
    node: Node
    also: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Suite:
    """The tests of a codebase; ``files`` are all its pieces."""

    files: Mapping[str, Mapping[str, Piece]]
    names: Names

    def tests(self) -> Iterator[Test]:
        """Every test that pytest's defaults collect."""
        for path, pieces in self.files.items():
            if not is_test_module(path):
                continue
            for name, piece in pieces.items():
                if piece.kind == "function" and name.startswith("test"):
                    yield Test(f"{path}::{name}", (path, name), self.unasked(path))
                elif piece.kind == "class" and (
                    name.startswith("Test") or any("TestCase" in base for base in piece.bases)
                ):
                    yield from self.tests_of_class(path, name)

    def tests_of_class(self, path: str, name: str) -> Iterator[Test]:
        pieces = self.files[path]
        own = [full for full, piece in pieces.items() if piece.owner == name]
        helpers = [full for full in own if not full.partition(".")[2].startswith("test")]
        for full in own:
            short = full.partition(".")[2]
            if short.startswith("test"):
                also = ((path, name), *self.used(path, pieces[full], helpers), *self.unasked(path))
                yield Test(f"{path}::{name}::{short}", (path, full), also)
        for base in self.names.ancestors(path, name):
            for full, piece in self.files.get(base.path, {}).items():
                short = full.partition(".")[2]
                if piece.owner == base.name and short.startswith("test") and f"{name}.{short}" not in pieces:
                    theirs = [each for each in self.files[base.path] if each.startswith(f"{base.name}.")]
                    theirs = [each for each in theirs if not each.partition(".")[2].startswith("test")]
                    also = (
                        (path, name),
                        (base.path, base.name),
                        *((path, each) for each in helpers),
                        *((base.path, each) for each in theirs),
                        *self.unasked(path),
                    )
                    yield Test(f"{path}::{name}::{short}", (base.path, full), also)

    def used(self, path: str, test: Piece, helpers: list[str]) -> list[Node]:
        """Of the methods beside a test those that may run with it: a fixture where it is asked for."""
        pieces = self.files[path]
        fixtures = {
            each.partition(".")[2]: each
            for each in helpers
            if any(FIXTURE.match(one) and "autouse" not in one for one in pieces[each].decorators)
        }
        found = [each for each in helpers if each not in fixtures.values()]
        pending = [test, *(pieces[each] for each in found)]
        while pending:
            piece = pending.pop()
            asked = {
                name for name in fixtures if name in piece.names or name in piece.texts or name in piece.attributes
            }
            for name in asked:
                found.append(fixtures.pop(name))
                pending.append(pieces[found[-1]])
        return [(path, each) for each in found]

    def unasked(self, path: str) -> tuple[Node, ...]:
        """What runs for every test of a file: the import of it and of its conftests, autouse fixtures."""
        places = (path, *self.conftests(path))
        found: list[Node] = [(place, INIT) for place in places]
        for place in places:
            for name, piece in self.files[place].items():
                autouse = any(FIXTURE.match(each) and "autouse" in each for each in piece.decorators)
                if autouse or name.startswith("pytest_") or name in _XUNIT or name == "pytestmark":
                    found.append((place, name))
        return tuple(found)

    def conftests(self, path: str) -> list[str]:
        folder = PurePosixPath(path)
        found = [str(parent / "conftest.py") for parent in folder.parents if str(parent / "conftest.py") in self.files]
        plugins = [
            place
            for conftest in found
            for text in self.files[conftest].get("pytest_plugins", Piece("", "")).texts
            if (place := self.names.modules.find(conftest, text)) in self.files
        ]
        return [*found, *plugins]  # pyright: ignore[reportReturnType] - `in` has ruled None out

    @cached_property
    def test_side(self) -> set[str]:
        """Files that only tests use: test files, conftests, and what lies in a folder of tests."""
        return {path for path in self.files if is_test_path(path)}
