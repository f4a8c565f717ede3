"""The database file of the index: its tables, and what to do when it is missing, old or damaged."""

import sqlite3
from contextlib import suppress

from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.store.folder import Folder

VERSION = 4
_TOKENIZE = "tokenize = 'porter unicode61 remove_diacritics 2'"
_SCHEMA = f"""
CREATE TABLE notes (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, mtime_ns INTEGER NOT NULL, size INTEGER NOT NULL,
    inode INTEGER NOT NULL, checksum TEXT NOT NULL, title TEXT NOT NULL, title_key TEXT NOT NULL,
    permalink TEXT NOT NULL, slug TEXT NOT NULL, type TEXT NOT NULL, created REAL NOT NULL, modified REAL NOT NULL,
    meta TEXT NOT NULL);
CREATE INDEX notes_stamp ON notes (path, mtime_ns, size, inode);
CREATE TABLE state (generation INTEGER NOT NULL);
INSERT INTO state VALUES (random() >> 16);
CREATE INDEX notes_title ON notes (title_key);
CREATE INDEX notes_permalink ON notes (permalink);
CREATE INDEX notes_slug ON notes (slug);
CREATE TABLE facts (
    id INTEGER PRIMARY KEY, note INTEGER NOT NULL REFERENCES notes ON DELETE CASCADE, kind TEXT NOT NULL,
    category TEXT, content TEXT NOT NULL, tags TEXT NOT NULL, context TEXT, target_key TEXT, target_slug TEXT);
CREATE INDEX facts_note ON facts (note);
CREATE INDEX facts_target ON facts (target_key);
CREATE INDEX facts_target_slug ON facts (target_slug);
CREATE TABLE properties (
    key TEXT NOT NULL, value TEXT NOT NULL, note INTEGER NOT NULL, PRIMARY KEY (key, value, note)) WITHOUT ROWID;
CREATE INDEX properties_note ON properties (note);
CREATE TABLE fact_tags (
    tag TEXT NOT NULL, fact INTEGER NOT NULL, PRIMARY KEY (tag, fact)) WITHOUT ROWID;
CREATE INDEX fact_tags_fact ON fact_tags (fact);
CREATE VIRTUAL TABLE notes_text USING fts5 (title, tags, path, body, {_TOKENIZE}, prefix = '2 3');
CREATE VIRTUAL TABLE facts_text USING fts5 (title, tags, path, body, {_TOKENIZE}, prefix = '2 3');
PRAGMA user_version = {VERSION};
"""  # noqa: S608 - our own words


def connect(folder: Folder) -> sqlite3.Connection:
    """The index's database, made when there is none; in memory where the cache cannot be written."""
    try:
        folder.make_cache()
        return _prepare(str(folder.cache / "notes.sqlite3"))
    except (OSError, sqlite3.OperationalError) as error:
        if "locked" in str(error):
            raise NoteError(
                "LOCKED",
                "another process has kept the index locked for 30 s",
                where=str(folder.cache),
                do="wait or end it",
            ) from error
        return _prepare(":memory:")  # a read-only checkout still answers
    except sqlite3.DatabaseError:
        discard(folder)
        return _prepare(str(folder.cache / "notes.sqlite3"))


def _prepare(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION:
            _create(database)
        # what a power failure damages is made anew from the files; waiting for the disk would double a write's time
        database.execute("PRAGMA synchronous = OFF")
    except BaseException:
        database.close()
        raise
    return database


def _create(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("BEGIN IMMEDIATE")
    # another process may have made it while this one waited for its turn
    if database.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        for table in ("notes_text", "facts_text", "properties", "fact_tags", "facts", "notes", "state"):
            database.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in _SCHEMA.strip().rstrip(";").split(";"):
            database.execute(statement)
    database.execute("COMMIT")


def discard(folder: Folder) -> None:
    """Remove a database that is of no use."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            (folder.cache / f"notes.sqlite3{suffix}").unlink()
