"""The whole inventory of a codebase, kept between runs for as long as nothing that it was made from changes.

What it was made from: the code of this package, the content of every Python file, the FastAPI that is pinned, and the
files that linking read besides (data files, libraries), each with the hash of what it held.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin, get_type_hints
from zlib import crc32

from fastapi_expert.codebase.followed import Grounds, unpacked
from fastapi_expert.codebase.model import Component, FullInventory, Problem, Route, ServedRoute
from fastapi_expert.codebase.syntax.facts import VERSION
from fastapi_expert.store import digest_of, keep, recall, stamp_of

if TYPE_CHECKING:
    from fastapi_expert.codebase.files.cache import Cache

_NAME = "inventory"
_GROUNDS = "grounds of the inventory"
Besides = Mapping[str, str | None]
"""Files that are no Python of the project, by path: the hash of their content, None where there was none."""


class Kept:
    """Where the inventory of one state of a codebase is kept, which ``files`` (a digest of them) and ``parts`` are;
    ``hash_of`` says what a file holds now."""

    def __init__(
        self,
        cache: "Cache | None",
        files: str,
        parts: Sequence[str | bool],
        hash_of: Callable[[str], str | None],
    ) -> None:
        self.cache = cache
        self._constant = digest_of(VERSION, _identity(), *parts)
        self.digest = digest_of(self._constant, files)
        self.hash_of = hash_of
        self.besides: Besides | None = None
        """The files that the inventory which was recalled or kept rests on besides."""

    def recall(self) -> FullInventory | None:
        """The inventory as it was kept; None when something that it was made from has changed."""
        return recall(self.cache, _NAME, self.digest, self._unpacked) if self.cache is not None else None

    def recall_before(self) -> tuple[FullInventory, Grounds] | None:
        """The last inventory that was kept, of whatever files, with what it was made from."""
        return recall(self.cache, _GROUNDS, self._constant, self._before) if self.cache is not None else None

    def _before(self, data: bytes) -> tuple[FullInventory, Grounds]:
        digest, _, body = data.partition(b"\n")
        found = recall(self.cache, _NAME, digest.decode(), self._unpacked)
        if found is None:
            raise ValueError("another inventory was kept since")
        return found, unpacked(body)

    def keep(self, found: FullInventory, besides: Besides, grounds: bytes | None) -> None:
        """Keep ``found``, which rests on the files ``besides`` as well, and was made from ``grounds``."""
        if grounds is not None:
            keep(self.cache, _GROUNDS, self._constant, self.digest.encode() + b"\n" + grounds)
        rows = [[_row(one.route), one.app, one.order] for one in found.served]
        components, problems = ([_row(one) for one in several] for several in (found.components, found.problems))
        self.besides = besides
        body = json.dumps([dict(besides), components, rows, problems], separators=(",", ":")).encode()
        keep(self.cache, _NAME, self.digest, f"{crc32(body)}\n".encode() + body)

    def _unpacked(self, data: bytes) -> FullInventory:
        checksum, _, body = data.partition(b"\n")
        if crc32(body) != int(checksum):
            raise ValueError("damaged")
        besides, components, routes, problems = json.loads(body)
        if any(self.hash_of(path) != known for path, known in besides.items()):
            raise ValueError("made from other files")
        self.besides = besides
        return FullInventory(
            tuple([_made(Component, row) for row in components]),
            tuple([ServedRoute(_made(Route, row), app, order) for row, app, order in routes]),
            tuple([_made(Problem, row) for row in problems]),
        )


@cache
def _identity() -> str:
    return stamp_of(os.path.dirname(__file__))


def _row(one: Any) -> list[Any]:
    """The fields of a dataclass in their order."""
    shape: type[Any] = one.__class__
    return [_plain(getattr(one, name)) for name in _names(shape)]


@cache
def _names(shape: type[Any]) -> tuple[str, ...]:
    return tuple([field.name for field in fields(shape)])


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in cast("list[Any] | tuple[Any, ...]", value)]
    return _row(value) if is_dataclass(value) else value


def _made(shape: type[Any], row: list[Any]) -> Any:
    """An object of the dataclass ``shape`` from its row, which is used up."""
    for position, read in _readers(shape):
        row[position] = read(row[position])
    return shape(*row)


@cache
def _readers(shape: type[Any]) -> list[tuple[int, Callable[[Any], Any]]]:
    """How the fields are read of which JSON does not give back what they hold, each with its position."""
    hints = get_type_hints(shape)
    found = [(position, _reader(hints[field.name])) for position, field in enumerate(fields(shape))]
    return [(position, read) for position, read in found if read is not None]


def _reader(kind: Any) -> Callable[[Any], Any] | None:
    if get_origin(kind) in (Union, UnionType):
        inner = [read for one in get_args(kind) if (read := _reader(one)) is not None]
        return (lambda value: None if value is None else inner[0](value)) if inner else None
    if get_origin(kind) is tuple:
        item = _reader(get_args(kind)[0])
        return tuple if item is None else lambda value: tuple([item(one) for one in value])
    shape: Any = kind
    return (lambda row: _made(shape, row)) if is_dataclass(kind) else None
