"""Ranked search over notes, observations and relations, with filters on what the front matter says."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from fastapi_expert.notes import query as language
from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.index import Fact, Index, Note
from fastapi_expert.notes.names import note_type

Kind = Literal["entity", "observation", "relation"]
KINDS: tuple[Kind, ...] = ("entity", "observation", "relation")
_WEIGHTS = "10.0, 5.0, 3.0, 1.0"  # title, tags, path, body
_EXCERPT = 200  # characters


@dataclass(frozen=True, slots=True)
class Filters:
    """What a result must be besides matching; empty means anything."""

    kinds: tuple[Kind, ...] = ("entity",)
    types: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    after: float | None = None
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One result; ``score`` is BM25, the higher the better, 0 where nothing was ranked."""

    note: Note
    fact: Fact | None
    score: float
    excerpt: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the results, best first, and how many there are in all."""

    hits: list[Hit]
    total: int


def search(
    index: Index, query: str | None, filters: Filters, *, title_only: bool = False, start: int = 0, stop: int = 10
) -> Page:
    """The results from ``start`` to ``stop``; without words all that pass the filters, the latest first.

    Raises:
        NoteError: when the query or a filter has no meaning.
    """
    asked = language.read(query or "")
    filters = _with_tags(filters, asked.tags)
    if not asked.strict:
        return _unranked(index, filters, start, stop)
    columns = "{title} : " if title_only else ""
    for expression in filter(None, (asked.strict, asked.relaxed)):
        found = _ranked(index, f"{columns}({expression})", filters, start, stop)
        if found.total:
            return found
    return Page([], 0)


def listed(index: Index, notes: Sequence[Note], filters: Filters, *, start: int, stop: int) -> Page:
    """Those of ``notes`` that pass the filters, unranked."""
    found = [note for note in notes if _passes(note, None, filters)]
    return Page([Hit(note, None, 0.0, _opening(index.body(note))) for note in found[start:stop]], len(found))


def _with_tags(filters: Filters, tags: Sequence[str]) -> Filters:
    return replace(filters, tags=(*filters.tags, *tags)) if tags else filters


def _ranked(index: Index, expression: str, filters: Filters, start: int, stop: int) -> Page:
    rows = [row for kind in filters.kinds for row in _match(index, kind, expression)]
    if len(filters.kinds) > 1:
        rows.sort(key=lambda row: (-row[0], row[1:]))
    if filters == Filters(filters.kinds):  # nothing to test: only what is shown need be read
        return Page([_hit(index, row, expression) for row in rows[start:stop]], len(rows))
    passing = [row for row, (note, fact) in zip(rows, _read(index, rows), strict=True) if _passes(note, fact, filters)]
    return Page([_hit(index, row, expression) for row in passing[start:stop]], len(passing))


_Row = tuple[float, str, int]  # score, kind, id of the note or fact


def _match(index: Index, kind: Kind, expression: str) -> list[_Row]:
    table, condition = ("notes_text", "") if kind == "entity" else ("facts_text", "AND facts.kind = ?")
    join = "" if kind == "entity" else "JOIN facts ON facts.id = facts_text.rowid"
    sql = (
        f"SELECT -bm25({table}, {_WEIGHTS}), ?, {table}.rowid FROM {table} {join}"  # noqa: S608 - our own names
        f" WHERE {table} MATCH ? {condition} ORDER BY bm25({table}, {_WEIGHTS}), {table}.rowid"
    )
    try:
        return index.database.execute(sql, (kind, expression, *([kind] if condition else []))).fetchall()
    except sqlite3.OperationalError as error:
        raise NoteError(
            "INVALID_QUERY", f"the query cannot be run: {error}", do="put phrases in double quotes"
        ) from error


def _read(index: Index, rows: Sequence[_Row]) -> list[tuple[Note, Fact | None]]:
    """The note of each row, and the fact where it is one."""
    facts = {fact.id: fact for fact in index.facts_by_id([row[2] for row in rows if row[1] != "entity"])}
    of = [facts[row[2]].note if row[1] != "entity" else row[2] for row in rows]
    notes = {note.id: note for note in index.by_id(list(dict.fromkeys(of)))}
    return [(notes[note], facts[row[2]] if row[1] != "entity" else None) for note, row in zip(of, rows, strict=True)]


def _hit(index: Index, row: _Row, expression: str) -> Hit:
    [(note, fact)] = _read(index, [row])
    if fact:
        return Hit(note, fact, row[0], fact.content)
    sql = "SELECT snippet(notes_text, 3, '', '', '…', 32) FROM notes_text WHERE notes_text MATCH ? AND rowid = ?"
    (excerpt,) = index.database.execute(sql, (expression, note.id)).fetchone()
    return Hit(note, None, row[0], " ".join(excerpt.split()))


def _unranked(index: Index, filters: Filters, start: int, stop: int) -> Page:
    found: list[tuple[Note, Fact | None]] = []
    for note in index.latest():
        if "entity" in filters.kinds and _passes(note, None, filters):
            found.append((note, None))
        if set(filters.kinds) - {"entity"}:
            facts = (fact for fact in index.facts(note.id) if fact.kind in filters.kinds)
            found += [(note, fact) for fact in facts if _passes(note, fact, filters)]
    hits = [
        Hit(note, fact, 0.0, fact.content if fact else _opening(index.body(note))) for note, fact in found[start:stop]
    ]
    return Page(hits, len(found))


def _passes(note: Note, fact: Fact | None, filters: Filters) -> bool:
    if filters.types and note.type not in {note_type(each) for each in filters.types}:
        return False
    if filters.after is not None and note.modified < filters.after:
        return False
    if filters.categories and (fact is None or fact.category not in filters.categories):
        return False
    if filters.tags:
        tags = {tag.casefold() for tag in (*note.tags, *(fact.tags if fact else ()))}
        if not all(tag.lstrip("#").casefold() in tags for tag in filters.tags):
            return False
    return not filters.metadata or all(_holds(note.values, key, test) for key, test in filters.metadata.items())


def _holds(values: Mapping[str, Any], key: str, test: Any) -> bool:
    """Whether the front matter's ``key`` (dots lead into mappings) is ``test``, or passes its ``$`` operator."""
    value: Any = values
    for part in key.split("."):
        value = cast("Mapping[str, Any]", value).get(part) if isinstance(value, Mapping) else None
    if isinstance(test, Mapping):
        operators = cast("Mapping[str, Any]", test)
        try:
            return all(_operator(name)(value, bound) for name, bound in operators.items())
        except (TypeError, IndexError, KeyError):
            raise NoteError(
                "INVALID_FILTER",
                f"metadata_filters: {key}: {test!r:.80} compares with what cannot be compared",
                do="write $in as a list, $between as [low, high], the others as one value",
            ) from None
    wanted = cast("list[Any]", test) if isinstance(test, list) else [test]
    have = {_text(each) for each in cast("list[Any]", value)} if isinstance(value, list) else {_text(value)}
    return value is not None and all(_text(each) in have for each in wanted)


def _operator(name: str) -> Callable[[Any, Any], bool]:
    known: dict[str, Callable[[Any, Any], bool]] = {
        "$in": lambda value, bound: any(_text(value) == _text(each) for each in bound),
        "$gt": lambda value, bound: _ordered(value, bound) and _key(value) > _key(bound),
        "$gte": lambda value, bound: _ordered(value, bound) and _key(value) >= _key(bound),
        "$lt": lambda value, bound: _ordered(value, bound) and _key(value) < _key(bound),
        "$lte": lambda value, bound: _ordered(value, bound) and _key(value) <= _key(bound),
        "$between": lambda value, bound: _ordered(value, bound[0]) and _key(bound[0]) <= _key(value) <= _key(bound[1]),
    }
    if name not in known:
        raise NoteError(
            "INVALID_FILTER", f"metadata_filters know no operator {name!r}", do=f"use one of {', '.join(known)}"
        )
    return known[name]


def _key(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def _ordered(value: Any, bound: Any) -> bool:
    return value is not None and type(_key(value)) is type(_key(bound))


def _text(value: Any) -> str:
    return str(value).casefold()


def _opening(body: str) -> str:
    text = " ".join(body.split())
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1].rstrip() + "…"
