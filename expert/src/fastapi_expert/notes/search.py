"""Ranked search over notes, observations and relations, with filters on what the front matter says."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from fastapi_expert.notes import query as language
from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.index import Fact, Index, Note
from fastapi_expert.notes.names import note_type, permalink

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


def search(index: Index, query: str | None, filters: Filters, *, within: str = "text") -> list[Hit]:
    """All hits, best first. ``within`` is `text` (everything), `title` or `permalink` (with ``*``).

    Raises:
        NoteError: when the query or a filter has no meaning.
    """
    if within == "permalink":
        pattern = (query or "").strip().removeprefix("memory://").strip("/")
        found = [
            note
            for note in (index.matching(pattern) or index.matching(permalink(pattern)))
            if _passes(note, None, filters)
        ]
        return [Hit(note, None, 0.0, _opening(note.body)) for note in found]
    asked = language.read(query or "")
    filters = _with_tags(filters, asked.tags)
    if not asked.strict:
        return _unranked(index, filters)
    columns = "{title} : " if within == "title" else ""
    for expression in (asked.strict, asked.relaxed):
        hits = _ranked(index, f"{columns}({expression})", filters) if expression else []
        if hits:
            return hits
    return []


def _with_tags(filters: Filters, tags: Sequence[str]) -> Filters:
    return Filters(
        filters.kinds, filters.types, filters.categories, (*filters.tags, *tags), filters.after, filters.metadata
    )


def _ranked(index: Index, expression: str, filters: Filters) -> list[Hit]:
    hits: list[Hit] = []
    if "entity" in filters.kinds:
        rows = _match(index, "notes_text", expression)
        notes = index.by_id([row[0] for row in rows])
        scored = {row[0]: row for row in rows}
        hits += [_hit(note, None, scored[note.id]) for note in notes if _passes(note, None, filters)]
    if {"observation", "relation"} & set(filters.kinds):
        rows = _match(index, "facts_text", expression)
        scored = {row[0]: row for row in rows}
        facts = index.facts_by_id([row[0] for row in rows])
        hits += [_hit(note, fact, scored[fact.id]) for note, fact in _owned(index, facts, filters)]
    return sorted(hits, key=lambda hit: -hit.score)


def _match(index: Index, table: str, expression: str) -> list[tuple[int, float, str]]:
    sql = (
        f"SELECT rowid, -bm25({table}, {_WEIGHTS}), snippet({table}, 3, '', '', '…', 32) FROM {table}"  # noqa: S608 - own names
        f" WHERE {table} MATCH ? ORDER BY rank"
    )
    try:
        return index.database.execute(sql, (expression,)).fetchall()
    except sqlite3.OperationalError as error:
        raise NoteError(
            "INVALID_QUERY", f"the query cannot be run: {error}", do="put phrases in double quotes"
        ) from error


def _hit(note: Note, fact: Fact | None, row: tuple[int, float, str]) -> Hit:
    return Hit(note, fact, row[1], fact.content if fact else " ".join(row[2].split()))


def _unranked(index: Index, filters: Filters) -> list[Hit]:
    """Everything that passes the filters, the latest first."""
    notes = sorted(index.all(), key=lambda note: (-note.modified, note.path))
    hits: list[Hit] = []
    for note in notes:
        if "entity" in filters.kinds and _passes(note, None, filters):
            hits.append(Hit(note, None, 0.0, _opening(note.body)))
        if {"observation", "relation"} & set(filters.kinds):
            hits += [
                Hit(note, fact, 0.0, fact.content)
                for fact in index.facts(note.id)
                if fact.kind in filters.kinds and _passes(note, fact, filters)
            ]
    return hits


def _owned(index: Index, facts: Sequence[Fact], filters: Filters) -> list[tuple[Note, Fact]]:
    owners = {note.id: note for note in index.by_id(list({fact.note for fact in facts}))}
    return [
        (owners[fact.note], fact)
        for fact in facts
        if fact.kind in filters.kinds and _passes(owners[fact.note], fact, filters)
    ]


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
        return all(_operator(name)(value, bound) for name, bound in operators.items())
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
