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
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints
from zlib import crc32

from fastapi_expert.codebase.interpret.values import is_list
from fastapi_expert.codebase.model import Component, Problem, Route
from fastapi_expert.codebase.syntax.facts import VERSION
from fastapi_expert.store import digest_of, keep, recall, stamp_of

if TYPE_CHECKING:
    from fastapi_expert.codebase.files.cache import Cache
    from fastapi_expert.codebase.link.linking import FullInventory

_NAME = "inventory"
Besides = Mapping[str, str | None]
"""Files that are no Python of the project, by path: the hash of their content, None where there was none."""


class Kept:
    """Where the inventory of one ``state`` of a codebase is kept; ``hash_of`` says what a file holds now."""

    def __init__(
        self, cache: "Cache | None", parts: Sequence[str | bool], hash_of: Callable[[str], str | None]
    ) -> None:
        self.cache = cache
        self.digest = digest_of(VERSION, _identity(), *parts)
        self.hash_of = hash_of

    def recall(self) -> "FullInventory | None":
        """The inventory as it was kept; None when something that it was made from has changed."""
        return recall(self.cache, _NAME, self.digest, self._unpacked) if self.cache is not None else None

    def keep(self, found: "FullInventory", besides: Besides) -> None:
        """Keep ``found``, which rests on the files ``besides`` as well."""
        rows = [[_row(one.route), one.app, one.order] for one in found.served]
        components, problems = ([_row(one) for one in several] for several in (found.components, found.problems))
        body = json.dumps([dict(besides), components, rows, problems], separators=(",", ":")).encode()
        keep(self.cache, _NAME, self.digest, f"{crc32(body)}\n".encode() + body)

    def _unpacked(self, data: bytes) -> "FullInventory":
        from fastapi_expert.codebase.link.linking import FullInventory, ServedRoute

        checksum, _, body = data.partition(b"\n")
        if crc32(body) != int(checksum):
            raise ValueError("damaged")
        besides, components, routes, problems = json.loads(body)
        if any(self.hash_of(path) != known for path, known in besides.items()):
            raise ValueError("made from other files")
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
    if is_list(value):
        return [_plain(one) for one in value]
    return _row(value) if is_dataclass(value) else value


def _made(shape: type[Any], row: Sequence[Any]) -> Any:
    """An object of the dataclass ``shape`` from its row."""
    return shape(*[value if read is None else read(value) for read, value in zip(_readers(shape), row, strict=True)])


@cache
def _readers(shape: type[Any]) -> list[Callable[[Any], Any] | None]:
    """How each field is read; None where JSON gives back what the field holds."""
    hints = get_type_hints(shape)
    return [_reader(hints[field.name]) for field in fields(shape)]


def _reader(kind: Any) -> Callable[[Any], Any] | None:
    if get_origin(kind) in (Union, UnionType):
        inner = [read for one in get_args(kind) if (read := _reader(one)) is not None]
        return (lambda value: None if value is None else inner[0](value)) if inner else None
    if get_origin(kind) is tuple:
        item = _reader(get_args(kind)[0])
        return tuple if item is None else lambda value: tuple([item(one) for one in value])
    shape: Any = kind
    return (lambda row: _made(shape, row)) if is_dataclass(kind) else None
