"""What a draft is judged against: the records of a codebase with an index, in memory or in one file of the cache.

In the file every part lies by itself and is decoded when it is asked for, so that a hook pays for a few records and
not for all. JSON and packed numbers, nothing that could run: a checkout may bring its own cache.
"""

import json
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from zlib import crc32

from fastapi_expert.codebase.model import Kind
from fastapi_expert.duplicates.records.model import (
    FunctionRecord,
    ModelRecord,
    Records,
    RouteRecord,
    VariableRecord,
)
from fastapi_expert.duplicates.similarity.index import Index, build
from fastapi_expert.duplicates.similarity.measure import Code, Weights, unpack
from fastapi_expert.identity import identity

if TYPE_CHECKING:
    from fastapi_expert.duplicates.similarity.purposes import PurposeIndex
    from fastapi_expert.duplicates.similarity.schemas import Models

_T = TypeVar("_T")

LIBRARY = "library.bin"
"""Its name in the folder of the cache."""
FORMAT = f"expert library 4 {identity()}\n".encode()
"""Changes with the form of the records and with what makes them: an older file is written anew."""
_NUMBERS = ("features", "starts", "postings", "ends")
_PURPOSES = ("purpose_ends", "names", "named", "word_starts", "word_numbers", "word_weights")
_CODES = {"features": "Q", "word_weights": "d"}


class Stamps(NamedTuple):
    """What the file system said when the library was made: files with (mtime, size), folders with mtime; ns, bytes."""

    files: Mapping[str, tuple[int, int]]
    folders: Mapping[str, int]


class Library:
    """Records and index; make one with :meth:`of` or :meth:`read`."""

    def __init__(
        self,
        index: Index,
        function: Callable[[int], FunctionRecord],
        part: Callable[[str], Any],
        purposes: Callable[[], "PurposeIndex"],
    ) -> None:
        self.index = index
        self._purposes = purposes
        self._function = function
        self._part = part
        self._codes: dict[int, Code] = {}
        self._derived: dict[Callable[[Library], Any], Any] = {}
        self.weights = Weights(index.frequency, index.population)

    @classmethod
    def of(cls, records: Records, purposes: "PurposeIndex", index: Index | None = None) -> "Library":
        """The library of ``records``, in memory."""
        if index is None:
            index = build([unpack(function) for function in records.functions])
        parts = {"models": records.models, "routes": records.routes, "variables": records.variables}
        rows = [(*place, kind) for place, kind in _kinds(records).items()]
        part = {**parts, "modules": records.modules, "needs": records.needs, "kinds": rows}.__getitem__
        return cls(index, records.functions.__getitem__, part, lambda: purposes)

    def function(self, position: int) -> FunctionRecord:
        """The function at ``position`` of the index."""
        return self._function(position)

    def code(self, position: int) -> Code:
        """Its code, ready for comparing."""
        code = self._codes.get(position)
        if code is None:
            code = self._codes[position] = unpack(self._function(position))
        return code

    def derived(self, make: "Callable[[Library], _T]") -> _T:
        """What ``make`` gives for this library, made once: one rule asks the same for every file of a change."""
        if make not in self._derived:
            self._derived[make] = make(self)
        return self._derived[make]

    @cached_property
    def models(self) -> "Models":
        """Schemas, tables and settings, indexed by field."""
        from fastapi_expert.duplicates.similarity.schemas import models_of  # slow, and a draft may have no class

        models = tuple([_model(row) for row in self._part("models")])
        return models_of(Records((), models, (), (), tuple(self.modules.items())))

    @cached_property
    def routes(self) -> Sequence[RouteRecord]:
        return [_route(row) for row in self._part("routes")]

    @cached_property
    def variables(self) -> Sequence[VariableRecord]:
        return [VariableRecord._make(row) for row in self._part("variables")]

    @cached_property
    def purposes(self) -> "PurposeIndex":
        """What everything is for."""
        return self._purposes()

    @cached_property
    def kinds(self) -> Mapping[tuple[str, str], Kind]:
        """(path, qualname) to kind of what is a component."""
        return {(path, qualname): kind for path, qualname, kind in self._part("kinds")}

    @cached_property
    def needs(self) -> Mapping[str, Sequence[str]]:
        """Path to the files that run when it is imported."""
        return dict(self._part("needs"))

    @cached_property
    def own(self) -> frozenset[str]:
        """The first names of the modules of this codebase: what is imported from there is no library of others."""
        return frozenset({name.partition(".")[0] for name in self.modules.values()} | {"src"})

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """Path to dotted module name."""
        return dict(self._part("modules"))


def _model(row: Sequence[Any]) -> ModelRecord:
    record = ModelRecord._make(row)
    fields = tuple([(name, kind, required) for name, kind, required in record.fields])
    return record._replace(fields=fields, own=tuple(record.own), ancestors=tuple(record.ancestors))


def pack(records: Records, index: Index, purposes: "PurposeIndex", stamps: Stamps, state: Any = None) -> bytes:
    """A library as bytes, for :func:`unpack_library` and :func:`unpack_records`; ``state`` is whatever JSON holds."""
    rows = bytearray()
    ends = array("I")
    for function in records.functions:
        rows += _dumps([*function[:-2], function.statements.hex(), function.names.hex()]) + b","
        ends.append(len(rows))
    rows[-1:] = b" "
    parts = {
        "features": index.features.tobytes(),
        "starts": index.starts.tobytes(),
        "postings": index.postings.tobytes(),
        "ends": ends.tobytes(),
        "functions": bytes(rows),
        **_packed_purposes(purposes),
        "stamps": _dumps(stamps),
        "models": _dumps(records.models),
        "routes": _dumps(records.routes),
        "variables": _dumps(records.variables),
        "modules": _dumps(records.modules),
        "needs": _dumps(records.needs),
        "kinds": _dumps([(*place, kind) for place, kind in _kinds(records).items()]),
        "silencing": _dumps(records.silencing),
        "state": _dumps(state),
    }
    checksum = 0
    for data in parts.values():
        checksum = crc32(data, checksum)
    head = _dumps([index.population, checksum, {name: len(data) for name, data in parts.items()}])
    return b"".join([FORMAT, head, b"\n", *parts.values()])


def _kinds(records: Records) -> dict[tuple[str, str], str]:
    """What functions, models and the classes of methods were found to be."""
    kinds: dict[tuple[str, str], str] = {}
    for one in (*records.functions, *records.models):
        kind, _, place = one.id.partition(":")
        path, _, qualname = place.partition("::")
        if kind not in ("function", "class"):
            kinds[path, qualname] = kind
        elif isinstance(one, FunctionRecord) and one.kind in ("service", "middleware"):
            kinds[path, qualname.rpartition(".")[0]] = one.kind
    return kinds


def _packed_purposes(purposes: "PurposeIndex") -> dict[str, bytes]:
    """Each purpose by itself, the words of all of them as they are looked up."""
    index = purposes.index
    rows = [_dumps(purposes.row(position)) for position in range(index.size)]
    ends = array("I", accumulate(len(row) + 1 for row in rows))
    return {
        "purposes": b"".join(row + b"\n" for row in rows),
        "purpose_ends": ends.tobytes(),
        "names": purposes.names.tobytes(),
        "named": purposes.positions.tobytes(),
        "words": _dumps(index.terms),
        "word_starts": index.starts.tobytes(),
        "word_numbers": index.numbers.tobytes(),
        "word_weights": index.weights.tobytes(),
    }


def _unpacked_purposes(parts: Mapping[str, memoryview]) -> "PurposeIndex":
    from fastapi_expert.duplicates.records.purposes import Purpose
    from fastapi_expert.duplicates.similarity.purposes import PurposeIndex
    from fastapi_expert.find.index import Index as WordIndex

    numbers = {name: _numbers(name, parts[name]) for name in _PURPOSES}
    ends, rows = numbers["purpose_ends"], parts["purposes"]

    def row(position: int) -> Purpose:
        start = ends[position - 1] if position else 0
        *most, takes, libraries, route, gives, does, says = json.loads(bytes(rows[start : ends[position]]))
        return Purpose._make((*most, tuple(takes), tuple(libraries), route, gives, does, says))

    terms = json.loads(bytes(parts["words"]))
    weights: Any = numbers["word_weights"]
    words = WordIndex(len(ends), terms, numbers["word_starts"], numbers["word_numbers"], weights)
    return PurposeIndex(words, numbers["names"], numbers["named"], row)


def _dumps(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class _Packed(NamedTuple):
    population: int
    checksum: int
    parts: dict[str, memoryview]


def _parts(data: bytes) -> _Packed:
    if not data.startswith(FORMAT):
        raise ValueError("not a library of this version")
    end = data.index(b"\n", len(FORMAT)) + 1
    population, checksum, sizes = json.loads(data[len(FORMAT) : end])
    view = memoryview(data)
    parts: dict[str, memoryview] = {}
    for name, size in sizes.items():
        parts[name] = view[end : end + size]
        end += size
    if end != len(data):
        raise ValueError("a library cut short")
    return _Packed(population, checksum, parts)


def unpack_library(data: bytes) -> tuple[Library, Stamps]:
    """What :func:`pack` packed. Raises ValueError when the bytes are something else."""
    population, _, parts = _parts(data)
    packed = {name: _numbers(name, parts[name]) for name in _NUMBERS}
    ends, functions = packed["ends"], parts["functions"]

    def function(position: int) -> FunctionRecord:
        start = ends[position - 1] if position else 0
        return _function(json.loads(bytes(functions[start : ends[position] - 1])))

    index = Index(population, packed["features"], packed["starts"], packed["postings"])
    files, folders = json.loads(bytes(parts["stamps"]))
    library = Library(index, function, lambda name: json.loads(bytes(parts[name])), lambda: _unpacked_purposes(parts))
    return library, Stamps({path: (stamp[0], stamp[1]) for path, stamp in files.items()}, folders)


def unpack_records(data: bytes) -> tuple[Records, Any]:
    """The records and the state that :func:`pack` packed. Raises ValueError when the bytes are something else."""
    _, checksum, parts = _parts(data)
    if crc32(memoryview(data)[-sum(len(part) for part in parts.values()) :]) != checksum:
        raise ValueError("a damaged library")
    functions = [_function(row) for row in json.loads(b"[%b]" % bytes(parts["functions"]))]
    routes = [_route(row) for row in json.loads(bytes(parts["routes"]))]
    records = Records(
        tuple(functions),
        tuple([_model(row) for row in json.loads(bytes(parts["models"]))]),
        tuple(routes),
        tuple([_variable(row) for row in json.loads(bytes(parts["variables"]))]),
        tuple([(path, name) for path, name in json.loads(bytes(parts["modules"]))]),
        tuple([(path, tuple(needs)) for path, needs in json.loads(bytes(parts["needs"]))]),
        tuple(json.loads(bytes(parts["silencing"]))),
    )
    return records, json.loads(bytes(parts["state"]))


def _function(row: list[Any]) -> FunctionRecord:
    *most, statements, names = row
    most[11], most[12] = tuple(most[11]), tuple(most[12])
    return FunctionRecord._make((*most, bytes.fromhex(statements), bytes.fromhex(names)))


def _route(row: Sequence[Any]) -> RouteRecord:
    *most, guards, conditions = row
    return RouteRecord._make((*most, tuple(guards), tuple(conditions)))


def _variable(row: list[Any]) -> VariableRecord:
    *most, ancestors = row
    return VariableRecord._make((*most, tuple(ancestors)))


def _numbers(name: str, data: memoryview) -> "array[int]":
    numbers: array[int] = array(_CODES.get(name, "I"))
    numbers.frombytes(data)
    return numbers
