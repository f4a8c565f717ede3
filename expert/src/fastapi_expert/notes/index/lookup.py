"""Questions about the notes, answered from an index that is brought up to date before each of them.

The files are the truth. `Index.open` compares every file's stamp with the one that was indexed and reads what is new
or changed; whatever is wrong with the database (another version, a torn page) is answered by making it anew.
"""

import json
import re
import sqlite3
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.index import entries
from fastapi_expert.notes.index.database import connect, discard
from fastapi_expert.notes.store.folder import Agreed, Folder
from fastapi_expert.notes.store.history import Times, committed
from fastapi_expert.notes.store.snapshot import (
    RACY_NS,
    Stamp,
    look,
    stamp,
)
from fastapi_expert.notes.text import frontmatter
from fastapi_expert.notes.text.names import tag_list

_COLUMNS = "id, path, checksum, title, permalink, slug, type, created, modified, meta"
_KNOWN = "SELECT path, mtime_ns, size, inode FROM notes"


@dataclass(frozen=True)
class Note:
    """A note as it is indexed; times are seconds since the epoch."""

    id: int
    path: str
    checksum: str
    title: str
    permalink: str
    slug: str
    type: str
    created: float
    modified: float
    meta: str

    @cached_property
    def values(self) -> dict[str, Any]:
        """The front matter, as JSON can hold it."""
        return json.loads(self.meta)

    @property
    def tags(self) -> list[str]:
        """The front matter's tags."""
        return tag_list(self.values.get("tags"))


@dataclass(frozen=True, slots=True)
class Fact:
    """An observation (``category``) or a relation (``category`` is its type, ``content`` its target)."""

    id: int
    note: int
    kind: str
    category: str | None
    content: str
    tags: tuple[str, ...]
    context: str | None


class Index:
    """Questions about the notes in ``folder``, as they are now; made by `Index.open`."""

    def __init__(self, database: sqlite3.Connection, folder: Folder) -> None:
        self.database = database
        self.folder = folder

    @classmethod
    @contextmanager
    def open(cls, folder: Folder) -> Generator["Index"]:
        """An index that agrees with the files at this moment."""
        database = connect(folder)
        try:
            index = cls(database, folder)
            try:
                index.refresh()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                    raise _busy(folder) from error
                database.close()
                discard(folder)
                database = connect(folder)
                index = cls(database, folder)
                index.refresh()
            yield index
        finally:
            database.close()

    def refresh(self) -> None:
        """Read what was added or changed since the last look, forget what is gone."""
        was, generation = self.folder.agreed, self._generation()
        snapshot = look(self.folder.root, was.snapshot if was else None)
        if was and was.generation == generation:
            changed = snapshot.since(was.snapshot) | was.young
        else:
            changed = {path for path, *_ in snapshot.states() ^ set(self.database.execute(_KNOWN))}
        if not changed:
            self.folder.agreed = Agreed(generation, snapshot, frozenset())
            return
        is_new = self.database.execute("SELECT 1 FROM notes LIMIT 1").fetchone() is None
        times = committed(self.folder.root) if is_new else {}
        with self.transaction() as generation:
            # another process may have been quicker: what is true now counts, not what the look saw
            young = frozenset({path for path in sorted(changed) if not self._look_at(path, times.get(path))})
        self.folder.agreed = Agreed(generation, snapshot, young)

    def _look_at(self, path: str, times: Times | None = None) -> bool:
        """Index one file as it is now; false when it is so young that it must be looked at again.

        ``times`` says when it was made and changed, where its own time does not.
        """
        now = stamp(self.folder.root / path)
        if now is None:
            entries.forget(self.database, path)
            return True
        if self.database.execute(f"{_KNOWN} WHERE path = ?", (path,)).fetchone() != (path, *now):
            return self._learn(path, now, times)
        return True

    def learn(self, path: str) -> None:
        """Index one file that was just written, without looking at the others."""
        with self.transaction() as generation:
            self._look_at(path)
        was = self.folder.agreed
        if was and was.generation == generation - 1:  # nobody else was here: the next look finds the file by its stamp
            self.folder.agreed = replace(was, generation=generation)

    @contextmanager
    def transaction(self) -> Generator[int]:
        """One write to the database, whole or not at all; gives the generation that it makes."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            self.database.execute("UPDATE state SET generation = generation + 1")
            yield self._generation()
        except BaseException:
            self.database.rollback()
            raise
        self.database.commit()

    def _generation(self) -> int:
        """How often the index was changed: another number means that another process was here."""
        return self.database.execute("SELECT generation FROM state").fetchone()[0]

    def by_path(self, path: str) -> Note | None:
        """The note in this file."""
        return next(self._notes("path = ?", path), None)

    def by_permalink(self, link: str) -> list[Note]:
        """The notes whose permalink, or whose path as a permalink, is ``link``."""
        exact = list(self._notes("permalink = ?", link))
        return exact or list(self._notes("slug = ?", link))

    def by_title(self, title: str) -> list[Note]:
        """The notes with this title, upper and lower case alike; the shortest path first."""
        return sorted(self._notes("title_key = ?", title.casefold()), key=lambda note: (len(note.path), note.path))

    def matching(self, pattern: str) -> list[Note]:
        """The notes whose permalink fits a pattern with ``*``, by permalink."""
        glob = re.sub(r"([\[?])", r"[\1]", pattern)
        return sorted(self._notes("permalink GLOB ? OR slug GLOB ?", glob, glob), key=lambda note: note.permalink)

    def by_id(self, ids: Sequence[int]) -> list[Note]:
        """The notes with these ids, in that order."""
        found: dict[int, Note] = {}
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            found |= {note.id: note for note in self._notes(f"id IN ({','.join('?' * len(part))})", *part)}
        return [found[each] for each in ids if each in found]

    def permalinks(self) -> set[str]:
        """Every permalink in use."""
        return {link for (link,) in self.database.execute("SELECT permalink FROM notes")}

    def body(self, note: Note) -> str:
        """A note's text after the front matter, from its file; empty when that is gone."""
        try:
            return frontmatter.split(self.folder.read(note.path).text).body
        except NoteError:
            return ""

    def facts(self, note: int) -> list[Fact]:
        """A note's observations and relations, in the order of the text."""
        return [_fact(row) for row in self.database.execute(f"{_FACTS} WHERE note = ? ORDER BY id", (note,))]

    def facts_by_id(self, ids: Sequence[int]) -> list[Fact]:
        """The observations and relations with these ids, in that order."""
        return [_fact(row) for each in ids for row in self.database.execute(f"{_FACTS} WHERE id = ?", (each,))]

    def pointing_at(self, note: Note) -> list[Fact]:
        """The relations of other notes that may mean this one; `links.resolve` says whether they do."""
        rows = self.database.execute(
            f"{_FACTS} WHERE kind = 'relation' AND note != ?"
            " AND (target_key = ? OR target_slug IN (?, ?, ?)) ORDER BY id",
            (note.id, note.title.casefold(), note.slug, note.permalink, note.permalink.removeprefix("main/")),
        )
        return [_fact(row) for row in rows]

    def _notes(self, where: str, *values: object) -> Iterator[Note]:
        rows = self.database.execute(f"SELECT {_COLUMNS} FROM notes WHERE {where}", values)  # noqa: S608 - our own words
        return (Note(*row) for row in rows)

    def _learn(self, path: str, stamp: Stamp, times: Times | None) -> bool:
        """Index what the file at ``path`` says; false when it may change again under the same stamp."""
        young = time.time_ns() - stamp.mtime_ns < RACY_NS
        try:
            content = self.folder.read(path)
        except NoteError:  # gone meanwhile, or not ours to read: no reason to answer nothing at all
            entries.forget(self.database, path)
            return False
        # an inode of -1 equals no file's: the processes that come after us look at it again too
        entries.enter(self.database, path, stamp._replace(inode=-1) if young else stamp, content, times)
        return not young


_FACTS = "SELECT id, note, kind, category, content, tags, context FROM facts"


def _busy(folder: Folder) -> NoteError:
    where = str(folder.cache / "notes.sqlite3")
    return NoteError(
        "LOCKED", "another process has kept the index locked for 30 s", where=where, do="wait for it or end it"
    )


def iso(moment: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat()


def _fact(row: tuple[Any, ...]) -> Fact:
    identity, note, kind, category, content, tags, context = row
    return Fact(identity, note, kind, category, content, tuple(json.loads(tags)), context)
