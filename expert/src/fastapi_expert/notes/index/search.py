"""Ranked search over notes, observations and relations, with filters on what the front matter says."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.index import query as language
from fastapi_expert.notes.index.filters import Filters, Kind, condition
from fastapi_expert.notes.index.lookup import Fact, Index, Note

_WEIGHTS = "10.0, 5.0, 3.0, 1.0"  # title, tags, path, body
_EXCERPT = 200  # characters


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
    parsed = language.read(query or "")
    filters = replace(filters, tags=(*filters.tags, *parsed.tags))
    if not parsed.strict:
        return _unranked(index, filters, start, stop)
    columns = "{title} : " if title_only else ""
    for expression in filter(None, (parsed.strict, parsed.relaxed)):
        found = _ranked(index, f"{columns}({expression})", filters, start, stop)
        if found.total:
            return found
    return Page([], 0)


def listed(index: Index, notes: Sequence[Note], filters: Filters, *, start: int, stop: int) -> Page:
    """Those of ``notes`` that pass the filters, unranked."""
    where = condition(index, replace(filters, kinds=("entity",)), "entity")
    passing = {id for (id,) in index.database.execute(f"SELECT id FROM notes WHERE {where.sql or 1}", where.values)}  # noqa: S608 - our own words
    found = [note for note in notes if note.id in passing]
    return Page([Hit(note, None, 0.0, _opening(index.body(note))) for note in found[start:stop]], len(found))


def _ranked(index: Index, expression: str, filters: Filters, start: int, stop: int) -> Page:
    rows: list[tuple[float, Kind, int]] = []
    total = 0
    for kind in filters.kinds:
        source, values = _matching(index, kind, expression, filters)
        text = "notes_text" if kind == "entity" else "facts_text"
        best = f"SELECT -bm25({text}, {_WEIGHTS}), {text}.rowid {source} ORDER BY 1 DESC, 2 LIMIT ?"
        try:
            rows.extend((score, kind, id) for score, id in index.database.execute(best, (*values, stop)))
            total += index.database.execute(f"SELECT count(*) {source}", values).fetchone()[0]
        except sqlite3.OperationalError as error:
            raise NoteError(
                "INVALID_QUERY", f"the query cannot be run: {error}", do="put phrases in double quotes"
            ) from error
    rows.sort(key=lambda row: (-row[0], row[1:]))
    return Page([_ranked_hit(index, *row, expression) for row in rows[start:stop]], total)


def _matching(index: Index, kind: Kind, expression: str, filters: Filters) -> tuple[str, tuple[object, ...]]:
    """The rest of a SELECT over what matches and passes; CROSS JOIN makes SQLite begin with the matches."""
    where = condition(index, filters, kind)
    if kind == "entity":
        source = "FROM notes_text"
        source += " CROSS JOIN notes ON notes.id = notes_text.rowid" if where.sql else ""
    else:
        source = (
            "FROM facts_text CROSS JOIN facts ON facts.id = facts_text.rowid CROSS JOIN notes ON notes.id = facts.note"
        )
    text = "notes_text" if kind == "entity" else "facts_text"
    passing = f" AND {where.sql}" if where.sql else ""
    return f"{source} WHERE {text} MATCH ?{passing}", (expression, *where.values)


def _ranked_hit(index: Index, score: float, kind: Kind, id: int, expression: str) -> Hit:
    if kind != "entity":
        [fact] = index.facts_by_id([id])
        [note] = index.by_id([fact.note])
        return Hit(note, fact, score, fact.content)
    [note] = index.by_id([id])
    sql = "SELECT snippet(notes_text, 3, '', '', '…', 32) FROM notes_text WHERE notes_text MATCH ? AND rowid = ?"
    (excerpt,) = index.database.execute(sql, (expression, note.id)).fetchone()
    return Hit(note, None, score, " ".join(excerpt.split()))


def _unranked(index: Index, filters: Filters, start: int, stop: int) -> Page:
    parts: list[str] = []
    values: list[object] = []
    for kind in filters.kinds:
        where = condition(index, filters, kind)
        table = "notes" if kind == "entity" else "facts JOIN notes ON notes.id = facts.note"
        fact = "0" if kind == "entity" else "facts.id"
        parts.append(f"SELECT modified, path, {fact} AS fact, notes.id AS note FROM {table} WHERE {where.sql or 1}")  # noqa: S608 - our own words
        values += where.values
    every = " UNION ALL ".join(parts)
    (total,) = index.database.execute(f"SELECT count(*) FROM ({every})", values).fetchone()  # noqa: S608 - our own words
    some = f"SELECT fact, note FROM ({every}) ORDER BY modified DESC, path, fact LIMIT ? OFFSET ?"  # noqa: S608 - our own words
    rows = index.database.execute(some, (*values, stop - start, start)).fetchall()
    return Page([_unranked_hit(index, fact, note) for fact, note in rows], total)


def _unranked_hit(index: Index, fact_id: int, note_id: int) -> Hit:
    [note] = index.by_id([note_id])
    if fact_id:
        [fact] = index.facts_by_id([fact_id])
        return Hit(note, fact, 0.0, fact.content)
    return Hit(note, None, 0.0, _opening(index.body(note)))


def _opening(body: str) -> str:
    text = " ".join(body.split())
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1].rstrip() + "…"
