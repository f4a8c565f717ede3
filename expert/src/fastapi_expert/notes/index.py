"""The index of the notes: a cache in SQLite that makes itself right again before every question.

The files are the truth. `Index.open` compares every file's stamp with the one that was indexed and reads what is new
or changed; whatever is wrong with the database (another version, a torn page) is answered by making it anew.
"""

import json
import re
import sqlite3
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from fastapi_expert.notes import frontmatter, markdown, when
from fastapi_expert.notes.folder import Content, Folder, Stamp
from fastapi_expert.notes.names import note_type, permalink, tag_list

VERSION = 1
RACY_NS = 100_000_000  # a file changed this recently may change again within its time stamp's resolution
_TOKENIZE = "tokenize = 'porter unicode61 remove_diacritics 2'"
_SCHEMA = f"""
CREATE TABLE notes (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, mtime_ns INTEGER NOT NULL, size INTEGER NOT NULL,
    inode INTEGER NOT NULL, checksum TEXT NOT NULL, title TEXT NOT NULL, title_key TEXT NOT NULL,
    permalink TEXT NOT NULL, slug TEXT NOT NULL, type TEXT NOT NULL, created REAL NOT NULL, modified REAL NOT NULL,
    meta TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX notes_title ON notes (title_key);
CREATE INDEX notes_permalink ON notes (permalink);
CREATE INDEX notes_slug ON notes (slug);
CREATE TABLE facts (
    id INTEGER PRIMARY KEY, note INTEGER NOT NULL REFERENCES notes ON DELETE CASCADE, kind TEXT NOT NULL,
    category TEXT, content TEXT NOT NULL, tags TEXT NOT NULL, context TEXT, target_key TEXT, target_slug TEXT);
CREATE INDEX facts_note ON facts (note);
CREATE INDEX facts_target ON facts (target_key);
CREATE INDEX facts_target_slug ON facts (target_slug);
CREATE VIRTUAL TABLE notes_text USING fts5 (title, tags, path, body, {_TOKENIZE}, prefix = '2 3');
CREATE VIRTUAL TABLE facts_text USING fts5 (title, tags, path, body, {_TOKENIZE}, prefix = '2 3');
PRAGMA user_version = {VERSION};
"""
_COLUMNS = "id, path, checksum, title, permalink, slug, type, created, modified, meta, body"
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
    body: str

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
        database = _connect(folder)
        try:
            index = cls(database, folder)
            try:
                index.refresh()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                    raise
                database.close()
                _discard(folder)
                database = _connect(folder)
                index = cls(database, folder)
                index.refresh()
            yield index
        finally:
            database.close()

    def refresh(self) -> None:
        """Read what was added or changed since the last look, forget what is gone."""
        if set(self._known()) == {(path, *_parts(stamp)) for path, stamp in self.folder.walk()}:
            return
        with self.transaction():
            known = {path: Stamp(*stamp) for path, *stamp in self._known()}
            seen = dict(self.folder.walk())
            for path in known.keys() - seen.keys():
                self._forget(path)
            for path, stamp in seen.items():
                if known.get(path) != stamp:
                    self._learn(path, stamp)

    def learn(self, path: str) -> None:
        """Index one file that was just written, without looking at the others."""
        with self.transaction():
            self._learn(path, self.folder.stamp(path))

    @contextmanager
    def transaction(self) -> Generator[None]:
        """One write to the database, whole or not at all."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.database.rollback()
            raise
        self.database.commit()

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

    def all(self) -> Iterator[Note]:
        """Every note, by path."""
        return self._notes("1 ORDER BY path")

    def permalinks(self) -> set[str]:
        """Every permalink in use."""
        return {link for (link,) in self.database.execute("SELECT permalink FROM notes")}

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
        return self.database.execute("SELECT path, mtime_ns, size, inode FROM notes")

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
        except OSError:
            content = None
        self._forget(path)
        if content is None:
            return
        settled = time.time_ns() - stamp.mtime_ns > RACY_NS
        document = markdown.parse(content.text)
        note = self._insert_note(
            path, Stamp(stamp.mtime_ns, stamp.size, stamp.inode if settled else -1), content, document
        )
        title = str(document.values.get("title") or PurePosixPath(path).stem)
        where = _words(path.removesuffix(".md"))
        self.database.execute(
            "INSERT INTO notes_text (rowid, title, tags, path, body) VALUES (?, ?, ?, ?, ?)",
            (note, _words(title), _words(" ".join(document.tags)), where, _words(document.body)),
        )
        for observation in document.observations:
            text = f"{observation.content} {observation.context or ''}"
            row = (
                note,
                "observation",
                observation.category,
                observation.content,
                observation.tags,
                observation.context,
            )
            self._insert_fact(row, (None, None), (title, where, f"{observation.category or ''} {text}"))
        for relation in document.relations:
            target = bare_target(relation.target)
            row = (note, "relation", relation.type, relation.target, (), relation.context)
            words = f"{relation.type} {relation.target} {relation.context or ''}"
            self._insert_fact(row, (target.casefold(), permalink(target)), (title, where, words))

    def _insert_note(self, path: str, stamp: Stamp, content: Content, document: markdown.Document) -> int:
        values = document.values
        link = permalink(path)
        title = str(values.get("title") or PurePosixPath(path).stem)
        modified = when.moment(values.get("modified")) or stamp.mtime_ns / 1e9
        row = (
            path, stamp.mtime_ns, stamp.size, stamp.inode, content.checksum, title, title.casefold(),
            str(values.get("permalink") or link), link, note_type(str(values.get("type") or "note")),
            when.moment(values.get("created")) or modified, modified,
            json.dumps(frontmatter.text_of(values), ensure_ascii=False), document.body,
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


def _parts(stamp: Stamp) -> tuple[int, int, int]:
    return stamp.mtime_ns, stamp.size, stamp.inode


def _connect(folder: Folder) -> sqlite3.Connection:
    try:
        folder.cache.mkdir(parents=True, exist_ok=True)
        return _prepare(str(folder.cache / "notes.sqlite3"))
    except (OSError, sqlite3.OperationalError) as error:
        if "locked" in str(error):
            raise
        return _prepare(":memory:")  # a read-only checkout still answers
    except sqlite3.DatabaseError:
        _discard(folder)
        return _prepare(str(folder.cache / "notes.sqlite3"))


def _prepare(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION:
            _create(database)
        database.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        database.close()
        raise
    return database


def _create(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("BEGIN IMMEDIATE")
    # another process may have made it while this one waited for its turn
    if database.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        for table in ("notes_text", "facts_text", "facts", "notes"):
            database.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in _SCHEMA.strip().rstrip(";").split(";"):
            database.execute(statement)
    database.execute("COMMIT")


def _discard(folder: Folder) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            (folder.cache / f"notes.sqlite3{suffix}").unlink()
