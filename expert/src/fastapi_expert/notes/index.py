"""The index of the notes: a cache in SQLite that makes itself right again before every question.

The files are the truth. `Index.open` compares every file's stamp with the one that was indexed and reads what is new
or changed; whatever is wrong with the database (another version, a torn page) is answered by making it anew.
"""

import json
import re
import sqlite3
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from fastapi_expert.notes import frontmatter, markdown, when
from fastapi_expert.notes.database import connect, discard
from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.folder import Content, FileState, Folder, Stamp
from fastapi_expert.notes.names import note_type, permalink, tag_list

RACY_NS = 100_000_000  # a file changed this recently may change again within its time stamp's resolution
_COLUMNS = "id, path, checksum, title, permalink, slug, type, created, modified, meta"
_KNOWN = "SELECT path, mtime_ns, size, inode FROM notes"
_CJK = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af])")


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
        agreed = self.folder.agreed
        if agreed and agreed[0] == self._generation() and self.folder.is_still(agreed[1]):
            return
        seen, known = self.folder.walk(), set(self._known())
        if seen != known:
            self._catch_up(seen, known)
        by_folder: dict[str, dict[str, tuple[int, int, int]]] = {}
        for path, *stamp in self._known():
            folder, slash, name = path.rpartition("/")
            by_folder.setdefault(folder + slash, {})[name] = tuple(stamp)
        self.folder.agreed = (self._generation(), by_folder)

    def _catch_up(self, seen: set[FileState], known: set[FileState]) -> None:
        changed = {path for path, *_ in seen ^ known}
        with self.transaction():
            # another process may have been quicker: what is true now counts, not what the walk saw
            for path in sorted(changed):
                stamp = self.folder.stamp(path)
                if stamp is None:
                    self._forget(path)
                elif self.database.execute(f"{_KNOWN} WHERE path = ?", (path,)).fetchone() != (path, *stamp):
                    self._learn(path, stamp)

    def learn(self, path: str) -> None:
        """Index one file that was just written, without looking at the others."""
        with self.transaction():
            stamp = self.folder.stamp(path)
            if stamp:
                self._learn(path, stamp)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """One write to the database, whole or not at all."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.database.rollback()
            raise
        self.database.execute("UPDATE state SET generation = generation + 1")
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

    def latest(self) -> Iterator[Note]:
        """Every note, the last modified first."""
        return self._notes("1 ORDER BY modified DESC, path")

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
            f"{_FACTS} WHERE kind = 'relation' AND note != ? AND (target_key = ? OR target_slug IN (?, ?)) ORDER BY id",
            (note.id, note.title.casefold(), note.slug, note.permalink),
        )
        return [_fact(row) for row in rows]

    def _notes(self, where: str, *values: object) -> Iterator[Note]:
        rows = self.database.execute(f"SELECT {_COLUMNS} FROM notes WHERE {where}", values)  # noqa: S608 - our own words
        return (Note(*row) for row in rows)

    def _known(self) -> sqlite3.Cursor:
        return self.database.execute(_KNOWN)

    def _forget(self, path: str) -> None:
        for (note,) in self.database.execute("SELECT id FROM notes WHERE path = ?", (path,)).fetchall():
            self.database.execute(
                "DELETE FROM facts_text WHERE rowid IN (SELECT id FROM facts WHERE note = ?)", (note,)
            )
            self.database.execute("DELETE FROM notes_text WHERE rowid = ?", (note,))
            self.database.execute("DELETE FROM facts WHERE note = ?", (note,))
            self.database.execute("DELETE FROM notes WHERE id = ?", (note,))

    def _learn(self, path: str, stamp: Stamp) -> None:
        try:
            content = self.folder.read(path)
        except NoteError:  # gone meanwhile, or not ours to read: no reason to answer nothing at all
            self._forget(path)
            return
        if time.time_ns() - stamp.mtime_ns < RACY_NS:
            stamp = Stamp(stamp.mtime_ns, stamp.size, inode=-1)  # equals no file's: it is looked at again
        if self._renew(path, content, stamp):
            return
        self._forget(path)
        document = markdown.parse(content.text)
        note = self._insert_note(path, stamp, content, document)
        title = str(document.values.get("title") or PurePosixPath(path).stem)
        place = _words(path.removesuffix(".md"))
        text = (note, _words(title), _words(" ".join(document.tags)), place, _words(document.body))
        self.database.execute("INSERT INTO notes_text (rowid, title, tags, path, body) VALUES (?, ?, ?, ?, ?)", text)
        for each in document.observations:
            words = f"{each.category or ''} {each.content} {each.context or ''}"
            fact = (note, "observation", each.category, each.content, each.tags, each.context)
            self._insert_fact(fact, (None, None), (title, place, words))
        for each in document.relations:
            words = f"{each.type} {each.target} {each.context or ''}"
            target = bare_target(each.target)
            fact = (note, "relation", each.type, each.target, (), each.context)
            self._insert_fact(fact, (target.casefold(), permalink(target)), (title, place, words))

    def _renew(self, path: str, content: Content, stamp: Stamp) -> bool:
        """Whether the file is as it was indexed, looked at twice because it was young then; notes its stamp."""
        changed = self.database.execute(
            "UPDATE notes SET size = ?, inode = ? WHERE path = ? AND checksum = ? AND mtime_ns = ?",
            (stamp.size, stamp.inode, path, content.checksum, stamp.mtime_ns),
        )
        return changed.rowcount > 0

    def _insert_note(self, path: str, stamp: Stamp, content: Content, document: markdown.Document) -> int:
        values = document.values
        link = permalink(path)
        title = str(values.get("title") or PurePosixPath(path).stem)
        modified = when.moment(values.get("modified")) or stamp.mtime_ns / 1e9
        row = (
            path, stamp.mtime_ns, stamp.size, stamp.inode, content.checksum, title, title.casefold(),
            str(values.get("permalink") or link), link, note_type(str(values.get("type") or "note")),
            when.moment(values.get("created")) or modified, modified,
            json.dumps(frontmatter.text_of(values), ensure_ascii=False),
        )  # fmt: skip
        cursor = self.database.execute(f"INSERT INTO notes VALUES (NULL{', ?' * len(row)})", row)  # noqa: S608 - marks only
        return cursor.lastrowid or 0

    def _insert_fact(
        self, row: tuple[Any, ...], target: tuple[str | None, str | None], text: tuple[str, str, str]
    ) -> None:
        note, kind, category, content, tags, context = row
        cursor = self.database.execute(
            "INSERT INTO facts VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            (note, kind, category, content, json.dumps(tags, ensure_ascii=False), context, *target),
        )
        title, path, words = text
        self.database.execute(
            "INSERT INTO facts_text (rowid, title, tags, path, body) VALUES (?, ?, ?, ?, ?)",
            (cursor.lastrowid, _words(title), _words(" ".join(tags)), path, _words(words)),
        )


_FACTS = "SELECT id, note, kind, category, content, tags, context FROM facts"


def _busy(folder: Folder) -> NoteError:
    where = str(folder.cache / "notes.sqlite3")
    return NoteError(
        "LOCKED", "another process has kept the index locked for 30 s", where=where, do="wait for it or end it"
    )


def bare_target(target: str) -> str:
    """What ``[[Target#Section|shown]]`` points at."""
    return target.partition("|")[0].partition("#")[0].strip() or target


def iso(moment: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat()


def _words(text: str) -> str:
    """``text`` as the tokenizer should see it: a script without spaces is cut into its characters."""
    return _CJK.sub(r" \1 ", text)


def _fact(row: tuple[Any, ...]) -> Fact:
    identity, note, kind, category, content, tags, context = row
    return Fact(identity, note, kind, category, content, tuple(json.loads(tags)), context)
