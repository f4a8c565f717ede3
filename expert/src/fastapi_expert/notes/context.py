"""What surrounds a note: its facts, what it points at and what points at it, hop by hop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fastapi_expert.notes.index.links import find, resolve, spellings
from fastapi_expert.notes.index.lookup import Fact, Index, Note

if TYPE_CHECKING:
    from fastapi_expert.find.entries import Entry


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation met on the way; ``target`` is None while no note of that name exists, ``code`` is what of the code
    bears it then."""

    source: Note
    fact: Fact
    target: Note | None
    code: "Entry | None" = None


@dataclass(slots=True)
class Context:
    """A note with what is known around it, nearest first."""

    note: Note
    body: str
    observations: list[Fact]
    edges: list[Edge] = field(default_factory=list[Edge])
    notes: list[Note] = field(default_factory=list[Note])


def primaries(index: Index, url: str, *, project: str) -> list[Note]:
    """The notes that ``url`` (a permalink, a title or a pattern with ``*``, ``memory://`` or not) names."""
    if "*" not in url:
        note = find(index, url, project=project)
        return [note] if note else []
    return patterned(index, url, project=project)


def patterned(index: Index, pattern: str, *, project: str) -> list[Note]:
    """The notes whose permalink fits a pattern with ``*``, as it is written or in permalink letters."""
    written = spellings(pattern, project=project)
    for each in (*written, *(text.lower().replace(" ", "-") for text in written)):
        found = index.matching(each)
        if found:
            return found
    return []


def surroundings(
    index: Index,
    note: Note,
    *,
    depth: int,
    limit: int,
    since: float | None = None,
    component: Callable[[str], "Entry | None"] = lambda target: None,
) -> Context:
    """Walk ``depth`` relations away from ``note``, both ways, until ``limit`` edges and notes are gathered.

    ``component`` finds the code that a relation means which no note answers.
    """
    context = Context(note, index.body(note), [fact for fact in index.facts(note.id) if fact.kind == "observation"])
    seen_notes, seen_facts = {note.id}, set[int]()
    frontier = [note]
    for _ in range(depth):
        reached: list[Note] = []
        for reached_note in frontier:
            for edge in _edges(index, reached_note):
                if edge.fact.id in seen_facts or len(context.edges) + len(context.notes) >= limit:
                    continue
                other = edge.target if edge.source.id == reached_note.id else edge.source
                if other and since is not None and other.modified < since:
                    continue
                seen_facts.add(edge.fact.id)
                context.edges.append(edge if edge.target else replace(edge, code=component(edge.fact.content)))
                if other and other.id not in seen_notes and len(context.edges) + len(context.notes) < limit:
                    seen_notes.add(other.id)
                    context.notes.append(other)
                    reached.append(other)
        frontier = reached
        if not frontier:
            break
    return context


def _edges(index: Index, note: Note) -> Sequence[Edge]:
    out = [
        Edge(note, fact, resolve(index, fact.content, source=note))
        for fact in index.facts(note.id)
        if fact.kind == "relation"
    ]
    coming: list[Edge] = []
    for fact in index.pointing_at(note):
        source = index.by_id([fact.note])[0]
        target = resolve(index, fact.content, source=source)
        if target and target.id == note.id:
            coming.append(Edge(source, fact, note))
    return out + coming
