"""What a result must be besides matching, as conditions of SQL: nothing is read to be thrown away."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast

from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.index.entries import TAG, comparable
from fastapi_expert.notes.index.lookup import Index
from fastapi_expert.notes.text.names import note_type

Kind = Literal["entity", "observation", "relation"]
KINDS: tuple[Kind, ...] = ("entity", "observation", "relation")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a result must be besides matching; empty means anything."""

    kinds: tuple[Kind, ...] = ("entity",)
    types: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    after: float | None = None
    metadata: Mapping[str, Any] | None = None


class Condition(NamedTuple):
    """A condition on ``notes`` (and ``facts``, for a result that is not a note), and the values of its marks."""

    sql: str
    values: tuple[object, ...]


def condition(index: Index, filters: Filters, kind: Kind) -> Condition:
    """What a result of this kind must be; of an empty filter nothing but its kind.

    Raises:
        NoteError: when a filter has no meaning.
    """
    parts = [*_of_kind(filters, kind), *_of_note(filters)]
    for key, test in (filters.metadata or {}).items():
        parts += _of_metadata(index, key, test)
    return Condition(" AND ".join(part.sql for part in parts), tuple(value for part in parts for value in part.values))


def _of_kind(filters: Filters, kind: Kind) -> Iterator[Condition]:
    if kind != "entity":
        yield Condition("facts.kind = ?", (kind,))
    if filters.categories:  # a note has none
        yield _among("facts.category", filters.categories) if kind != "entity" else Condition("0", ())
    for tag in filters.tags:
        own = f"notes.id IN (SELECT note FROM properties WHERE key = '{TAG}' AND value = ?)"  # noqa: S608 - our own name
        name = tag.lstrip("#").casefold()
        if kind == "entity":
            yield Condition(own, (name,))
        else:
            yield Condition(f"({own} OR facts.id IN (SELECT fact FROM fact_tags WHERE tag = ?))", (name, name))  # noqa: S608 - our own name


def _of_note(filters: Filters) -> Iterator[Condition]:
    if filters.types:
        yield _among("notes.type", [note_type(each) for each in filters.types])
    if filters.after is not None:
        yield Condition("notes.modified >= ?", (filters.after,))


def _of_metadata(index: Index, key: str, test: Any) -> Iterator[Condition]:
    """That the front matter's ``key`` (dots lead into mappings) is ``test``, or passes its ``$`` operators."""
    if isinstance(test, Mapping):
        operators = dict(cast("Mapping[str, Any]", test))
        if "$exists" in operators:
            yield _exists(key, operators.pop("$exists"))
            if not operators:
                return
        _passes(key, "", operators)  # an operator without meaning is refused, whatever the notes say
        existing = index.database.execute("SELECT DISTINCT value FROM properties WHERE key = ?", (key,))
        passing = json.dumps([value for (value,) in existing if _passes(key, value, operators)])
        among = "SELECT note FROM properties WHERE key = ? AND value IN (SELECT value FROM json_each(?))"
        yield Condition(f"notes.id IN ({among})", (key, passing))
        return
    if test is None:  # absent, or there and empty
        yield Condition("coalesce(json_type(notes.meta, ?), 'null') = 'null'", (_path(key),))
        return
    wanted = cast("list[Any]", test) if isinstance(test, list) else [test]
    for each in wanted:
        yield Condition(
            "notes.id IN (SELECT note FROM properties WHERE key = ? AND value = ?)", (key, comparable(each))
        )


def _exists(key: str, wanted: Any) -> Condition:
    if not isinstance(wanted, bool):
        raise NoteError(
            "INVALID_FILTER", f"metadata_filters: {key}: $exists is {wanted!r:.80}", do="write true or false"
        )
    return Condition(f"json_type(notes.meta, ?) IS {'NOT ' if wanted else ''}NULL", (_path(key),))


def _path(key: str) -> str:
    """A dotted key as SQLite's JSON functions name it."""
    return "$" + "".join(f".{json.dumps(part, ensure_ascii=False)}" for part in key.split("."))


def _among(column: str, values: Sequence[str]) -> Condition:
    return Condition(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))


def _passes(key: str, value: str, operators: Mapping[str, Any]) -> bool:
    try:
        passed = [_operator(name)(value, bound) for name, bound in operators.items()]
    except (TypeError, IndexError, KeyError):
        raise NoteError(
            "INVALID_FILTER",
            f"metadata_filters: {key}: {operators!r:.80} compares with what cannot be compared",
            do="write $in as a list, $between as [low, high], the others as one value",
        ) from None
    return all(passed)


def _operator(name: str) -> Callable[[str, Any], bool]:
    known: dict[str, Callable[[str, Any], bool]] = {
        "$in": lambda value, bound: value in [comparable(each) for each in _listed(bound)],
        "$gt": lambda value, bound: _ordered(value, bound) and _key(value) > _key(bound),
        "$gte": lambda value, bound: _ordered(value, bound) and _key(value) >= _key(bound),
        "$lt": lambda value, bound: _ordered(value, bound) and _key(value) < _key(bound),
        "$lte": lambda value, bound: _ordered(value, bound) and _key(value) <= _key(bound),
        "$contains": lambda value, bound: comparable(bound) in value,
        "$between": lambda value, bound: _ordered(value, bound[0]) and _key(bound[0]) <= _key(value) <= _key(bound[1]),
    }
    if name not in known:
        raise NoteError(
            "INVALID_FILTER", f"metadata_filters know no operator {name!r}", do=f"use one of {', '.join(known)}"
        )
    return known[name]


def _listed(bound: Any) -> list[Any]:
    if not isinstance(bound, list):
        raise TypeError
    return cast("list[Any]", bound)


def _key(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return comparable(value)


def _ordered(value: str, bound: Any) -> bool:
    return type(_key(value)) is type(_key(bound))
