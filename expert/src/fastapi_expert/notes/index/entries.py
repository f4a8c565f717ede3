"""What the index holds of one note: its row, its text for the full text search, its facts, tags and front matter."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, cast

from fastapi_expert.notes.store.folder import Content
from fastapi_expert.notes.store.history import Times
from fastapi_expert.notes.store.snapshot import Stamp
from fastapi_expert.notes.text import dates as when
from fastapi_expert.notes.text import frontmatter, markdown
from fastapi_expert.notes.text.names import note_type, permalink

TAG = "#"  # the key under which a note's tags are found, whichever way the front matter spells them
_CJK = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af])")
_OF_A_NOTE = (
    "DELETE FROM facts_text WHERE rowid IN (SELECT id FROM facts WHERE note = ?)",
    "DELETE FROM fact_tags WHERE fact IN (SELECT id FROM facts WHERE note = ?)",
    "DELETE FROM facts WHERE note = ?",
    "DELETE FROM properties WHERE note = ?",
    "DELETE FROM notes_text WHERE rowid = ?",
    "DELETE FROM notes WHERE id = ?",
)


def forget(database: sqlite3.Connection, path: str) -> None:
    """Take out what is there of the note at ``path``."""
    for (note,) in database.execute("SELECT id FROM notes WHERE path = ?", (path,)).fetchall():
        for statement in _OF_A_NOTE:
            database.execute(statement, (note,))


def enter(
    database: sqlite3.Connection,
    path: str,
    stamp: Stamp,
    content: Content,
    times: Times | None = None,
) -> None:
    """Put in what the file at ``path`` says, in place of what it said before.

    ``times`` says when it was made and changed, where neither its front matter nor its own time does.
    """
    if _renew(database, path, content, stamp):
        return
    forget(database, path)
    document = markdown.parse(content.text)
    note = _enter_note(database, path, stamp, content, document, times)
    for key, value in {(TAG, tag.casefold()) for tag in document.tags} | set(_leaves(document.values)):
        database.execute("INSERT INTO properties (key, value, note) VALUES (?, ?, ?)", (key, value, note))
    title = str(document.values.get("title") or PurePosixPath(path).stem)
    place = _words(path.removesuffix(".md"))
    text = (note, _words(title), _words(" ".join(document.tags)), place, _words(document.body))
    database.execute("INSERT INTO notes_text (rowid, title, tags, path, body) VALUES (?, ?, ?, ?, ?)", text)
    for each in document.observations:
        words = f"{each.category or ''} {each.content} {each.context or ''}"
        fact = (note, "observation", each.category, each.content, each.tags, each.context)
        _enter_fact(database, fact, (None, None), (title, place, words))
    for each in document.relations:
        words = f"{each.type} {each.target} {each.context or ''}"
        target = bare_target(each.target)
        fact = (note, "relation", each.type, each.target, (), each.context)
        _enter_fact(database, fact, (target.casefold(), permalink(target)), (title, place, words))


def bare_target(target: str) -> str:
    """What ``[[Target#Section|shown]]`` points at."""
    return target.partition("|")[0].partition("#")[0].strip() or target


def comparable(value: object) -> str:
    """A front matter value as filters compare it: as text, upper and lower case alike."""
    return str(value).casefold()


def _renew(database: sqlite3.Connection, path: str, content: Content, stamp: Stamp) -> bool:
    """Whether the file says what it said when it was indexed, only touched or looked at twice; notes its stamp."""
    moment = stamp.mtime_ns / 1e9
    changed = database.execute(
        "UPDATE notes SET mtime_ns = :mtime_ns, size = :size, inode = :inode,"
        " modified = iif(mtime_ns != :mtime_ns AND json_extract(meta, '$.modified') IS NULL, :moment, modified),"
        " created = iif(mtime_ns != :mtime_ns AND json_extract(meta, '$.created') IS NULL AND created = modified,"
        " :moment, created)"
        " WHERE path = :path AND checksum = :checksum",
        {**stamp._asdict(), "moment": moment, "path": path, "checksum": content.checksum},
    )
    return changed.rowcount > 0


def _enter_note(
    database: sqlite3.Connection,
    path: str,
    stamp: Stamp,
    content: Content,
    document: markdown.Document,
    times: Times | None,
) -> int:
    values = document.values
    link = permalink(path)
    title = str(values.get("title") or PurePosixPath(path).stem)
    made, changed = times or (None, stamp.mtime_ns / 1e9)
    modified = when.moment(values.get("modified")) or changed
    row = (
        path, stamp.mtime_ns, stamp.size, stamp.inode, content.checksum, title, title.casefold(),
        str(values.get("permalink") or link), link, note_type(str(values.get("type") or "note")),
        when.moment(values.get("created")) or made or modified, modified,
        json.dumps(frontmatter.text_of(values), ensure_ascii=False),
    )  # fmt: skip
    cursor = database.execute(f"INSERT INTO notes VALUES (NULL{', ?' * len(row)})", row)  # noqa: S608 - marks only
    return cursor.lastrowid or 0


def _enter_fact(
    database: sqlite3.Connection,
    row: tuple[Any, ...],
    target: tuple[str | None, str | None],
    text: tuple[str, str, str],
) -> None:
    note, kind, category, content, tags, context = row
    cursor = database.execute(
        "INSERT INTO facts VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
        (note, kind, category, content, json.dumps(tags, ensure_ascii=False), context, *target),
    )
    for tag in {tag.casefold() for tag in tags}:
        database.execute("INSERT INTO fact_tags (tag, fact) VALUES (?, ?)", (tag, cursor.lastrowid))
    title, path, words = text
    database.execute(
        "INSERT INTO facts_text (rowid, title, tags, path, body) VALUES (?, ?, ?, ?, ?)",
        (cursor.lastrowid, _words(title), _words(" ".join(tags)), path, _words(words)),
    )


def _leaves(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each value of the front matter under its key, dots leading into mappings; of a list each element."""
    pending: list[tuple[str, Any]] = list(cast("dict[str, Any]", frontmatter.text_of(values)).items())
    for key, value in pending:
        if isinstance(value, Mapping):
            pending += [(f"{key}.{inner}", each) for inner, each in cast("Mapping[str, Any]", value).items()]
        elif isinstance(value, list):
            yield from ((key, comparable(each)) for each in cast("list[Any]", value))
        elif value is not None:
            yield key, comparable(value)


def _words(text: str) -> str:
    """``text`` as the tokenizer should see it: a script without spaces is cut into its characters."""
    return _CJK.sub(r" \1 ", text)
