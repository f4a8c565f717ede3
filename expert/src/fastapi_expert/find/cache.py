"""The searchable form of a codebase, kept as long as none of its files changes."""

import json
from array import array
from collections.abc import Sequence
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
    finder = recall(codebase.cache, _NAME, digest, _unpacked)
    if finder is None:
        finder = Finder((*entries(codebase), *notes), note=reach_note(codebase.inventory))
        if not codebase.hangs_on_data:
            keep(codebase.cache, _NAME, digest, _packed(finder))
    return finder


def _packed(finder: Finder) -> bytes:
    """A line that tells lengths, then the entries, the terms, the note and the arrays."""
    index = finder.index
    arrays = [numbers.tobytes() for numbers in (index.starts, index.numbers, index.weights)]
    texts = [json.dumps(one).encode() for one in (finder.entries, index.terms, finder.note)]
    parts = [*texts, *arrays]
    body = b"".join(parts)
    return json.dumps([crc32(body), [len(part) for part in parts]]).encode() + b"\n" + body


def _unpacked(data: bytes) -> Finder:
    """What :func:`_packed` packed. Raises ValueError or TypeError when the bytes are something else."""
    head, _, body = data.partition(b"\n")
    checksum, lengths = json.loads(head)
    if crc32(body) != checksum:
        raise ValueError("damaged")
    parts: list[bytes] = []
    for length in lengths:
        parts.append(body[:length])
        body = body[length:]
    found = [_entry(row) for row in json.loads(parts[0])]
    starts, numbers, weights = [_array(code, part) for code, part in zip(_ARRAYS, parts[3:], strict=True)]
    index = Index(len(found), json.loads(parts[1]), starts, numbers, weights)
    return Finder(found, index, note=json.loads(parts[2]))


def _entry(row: list[Any]) -> Entry:
    *most, fields, methods, routes = row
    return Entry._make((*most, tuple(fields), tuple(methods), tuple(routes)))


def _array(code: str, data: bytes) -> "array[Any]":
    numbers: array[Any] = array(code)
    numbers.frombytes(data)
    return numbers
