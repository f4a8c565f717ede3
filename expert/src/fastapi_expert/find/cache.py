"""The searchable form of a codebase, kept as long as none of its files changes."""

import json
from array import array
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from zlib import crc32

from fastapi_expert.codebase.reach import reach_note
from fastapi_expert.find import Entry, Finder, entries
from fastapi_expert.find.index import Index
from fastapi_expert.identity import identity

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

_NAME = "search"
_ARRAYS = ("I", "I", "d")


def finder_of(codebase: "Codebase", notes: Sequence[Entry] = ()) -> Finder:
    """The finder over a codebase and ``notes``: the one that was kept, if nothing has changed since, else a new one."""
    key = _key(codebase, notes)
    kept = codebase.cache.get_blob(_NAME) if codebase.cache is not None else None
    finder = _unpacked(kept, key) if kept is not None else None
    if finder is None:
        finder = Finder((*entries(codebase), *notes), note=reach_note(codebase.inventory))
        if codebase.cache is not None and not codebase.hangs_on_data:
            codebase.cache.put_blob(_NAME, _packed(finder, key))
    return finder


def _key(codebase: "Codebase", notes: Sequence[Entry]) -> str:
    made_from = [identity(), codebase.digest, codebase.is_live, notes]
    return blake2b(json.dumps(made_from).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _packed(finder: Finder, key: str) -> bytes:
    """A line that tells lengths, then the entries, the terms, the note and the arrays."""
    index = finder.index
    arrays = [numbers.tobytes() for numbers in (index.starts, index.numbers, index.weights)]
    texts = [json.dumps(one).encode() for one in (finder.entries, index.terms, finder.note)]
    parts = [*texts, *arrays]
    body = b"".join(parts)
    return json.dumps([key, crc32(body), [len(part) for part in parts]]).encode() + b"\n" + body


def _unpacked(data: bytes, key: str) -> Finder | None:
    try:
        head, _, body = data.partition(b"\n")
        known, checksum, lengths = json.loads(head)
        if known != key or crc32(body) != checksum:
            return None
        parts: list[bytes] = []
        for length in lengths:
            parts.append(body[:length])
            body = body[length:]
        found = [_entry(row) for row in json.loads(parts[0])]
        starts, numbers, weights = [_array(code, part) for code, part in zip(_ARRAYS, parts[3:], strict=True)]
        index = Index(len(found), json.loads(parts[1]), starts, numbers, weights)
        return Finder(found, index, note=json.loads(parts[2]))
    except (ValueError, TypeError):
        return None  # not written by us


def _entry(row: list[Any]) -> Entry:
    *most, fields, methods, routes = row
    return Entry._make((*most, tuple(fields), tuple(methods), tuple(routes)))


def _array(code: str, data: bytes) -> "array[Any]":
    numbers: array[Any] = array(code)
    numbers.frombytes(data)
    return numbers
