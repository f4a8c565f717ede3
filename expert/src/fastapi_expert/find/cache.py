"""The searchable form of a codebase, kept as long as none of its files changes."""

import json
from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

from fastapi_expert.codebase.reach import reach_note
from fastapi_expert.find import Entry, Finder, entries
from fastapi_expert.find.index import Index
from fastapi_expert.identity import identity
from fastapi_expert.store import digest_of, keep, recall

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

_NAME = "search"
_ARRAYS = ("I", "I", "d")


def finder_of(codebase: "Codebase", notes: Sequence[Entry] = ()) -> Finder:
    """The finder over a codebase and ``notes``: the one that was kept, if nothing has changed since, else a new one."""
    digest = digest_of(identity(), codebase.digest, codebase.is_live, notes)
    finder = recall(codebase.cache, _NAME, digest, lambda data: _unpacked(data, codebase))
    if finder is None:
        finder = Finder((*entries(codebase), *notes), note=reach_note(codebase.inventory))
        keep(codebase.cache, _NAME, digest, _packed(finder, codebase.read_besides))
    return finder


def _packed(finder: Finder, besides: Mapping[str, str | None]) -> bytes:
    """A line that tells lengths, then what linking read besides, the entries, the terms, the note and the arrays."""
    index = finder.index
    arrays = [numbers.tobytes() for numbers in (index.starts, index.numbers, index.weights)]
    texts = [json.dumps(one).encode() for one in (dict(besides), finder.entries, index.terms, finder.note)]
    parts = [*texts, *arrays]
    body = b"".join(parts)
    return json.dumps([crc32(body), [len(part) for part in parts]]).encode() + b"\n" + body


def _unpacked(data: bytes, codebase: "Codebase") -> Finder:
    """What :func:`_packed` packed. Raises ValueError or TypeError when the bytes are something else, or were made from
    other files."""
    head, _, body = data.partition(b"\n")
    checksum, lengths = json.loads(head)
    if crc32(body) != checksum:
        raise ValueError("damaged")
    parts: list[bytes] = []
    for length in lengths:
        parts.append(body[:length])
        body = body[length:]
    besides, found, terms, note = [json.loads(part) for part in parts[:4]]
    if not codebase.is_as_read(besides):
        raise ValueError("made from other files")
    starts, numbers, weights = [_array(code, part) for code, part in zip(_ARRAYS, parts[4:], strict=True)]
    return Finder([_entry(row) for row in found], Index(len(found), terms, starts, numbers, weights), note=note)


def _entry(row: list[Any]) -> Entry:
    *most, fields, methods, routes = row
    return Entry._make((*most, tuple(fields), tuple(methods), tuple(routes)))


def _array(code: str, data: bytes) -> "array[Any]":
    numbers: array[Any] = array(code)
    numbers.frombytes(data)
    return numbers
