"""Made-up writers and posts to try things on, many at once: COPY on PostgreSQL, batches on SQLite.

Synchronous, for the command line; nothing else is to change the tables meanwhile.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, func, insert, select, text
from sqlalchemy.engine import URL

from app.kit.clock import utcnow
from app.models import Post, PostStatus, Role, Tag, User, post_tags
from app.models.tag import tag_key

BATCH = 5_000
MANY = 50_000
"""From this number of posts on, indexes are built afterwards."""
SQLITE_CACHE = 64 * 1024
"""Kibibytes for building them: SQLite's own 2,000 would sort a million rows through the disk."""
TAGS = ("async", "databases", "design", "gardening", "history", "music", "python", "recipes", "testing", "travel")
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo")

Progress = Callable[[int], None]
Announce = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was added: the addresses of the writers, who share one password."""

    emails: tuple[str, ...]
    posts: int


def seed(
    url: URL,
    *,
    posts: int,
    writers: int,
    hashed_password: str,
    progress: Progress,
    indexing: Announce = lambda: None,
) -> Seeded:
    """Add writers and posts with tags, in addition to existing rows; all of it or, on an error, nothing.

    `url` is synchronous; `progress` hears how many posts were written since it was last told, `indexing` when all are
    and, there being many, the indexes are built.
    """
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            users = list(_users(_last_id(connection, User.__table__), writers, hashed_password))
            _write(connection, User.__table__, users)
            tags = _tags(connection)
            first = _last_id(connection, Post.__table__) + 1
            chance = _chance(first)
            made = _posts(range(first, first + posts), [user["id"] for user in users], chance)
            build_again = _drop_indexes(connection, first=first) if posts >= MANY else []
            while batch := list(islice(made, BATCH)):
                _write(connection, Post.__table__, batch)
                _write(connection, post_tags, [label for post in batch for label in _labels(post, tags, chance)])
                progress(len(batch))
            if build_again:
                indexing()
            for statement in build_again:
                connection.exec_driver_sql(statement)
            _move_sequences(connection)
        _look_over(engine)
    finally:
        engine.dispose()
    return Seeded(tuple(user["email"] for user in users), posts)


def _users(last_id: int, count: int, hashed_password: str) -> Iterator[dict[str, Any]]:
    now = utcnow()
    for number in range(last_id + 1, last_id + 1 + count):
        yield {
            "id": number,
            "email": f"writer{number}@example.org",
            "username": f"writer{number}",
            "hashed_password": hashed_password,
            "first_name": _word(_chance(number)).capitalize(),
            "last_name": _word(_chance(-number)).capitalize(),
            "role": Role.USER,
            "is_active": True,
            "is_verified": True,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }


def _posts(ids: range, authors: Sequence[int], chance: random.Random) -> Iterator[dict[str, Any]]:
    words = [_word(chance) for _ in range(2_000)]
    now = utcnow()
    for number in ids:
        # Few words are common and most are rare, as in any language.
        text = " ".join(words[int(len(words) * chance.random() ** 3)] for _ in range(60))
        written_at = now - timedelta(minutes=ids.stop - number)
        status = {0: PostStatus.DRAFT, 10: PostStatus.ARCHIVED}.get(number % 20, PostStatus.PUBLISHED)
        yield {
            "id": number,
            "author_id": chance.choice(authors),
            "title": text[: text.index(" ", 20)].capitalize(),
            "content": text,
            "excerpt": text[:200].rpartition(" ")[0],
            "slug": f"{text[: text.index(' ', 20)].replace(' ', '-')}-{number}",
            "status": status,
            "view_count": chance.randrange(10_000),
            "published_at": None if status is PostStatus.DRAFT else written_at,
            "version": 1,
            "created_at": written_at,
            "updated_at": written_at,
        }


_COPIED = ("author_id", "status", "title", "view_count", "published_at", "created_at", "updated_at")


def _labels(post: dict[str, Any], tags: Sequence[int], chance: random.Random) -> list[dict[str, Any]]:
    """Two tags, with the copies of the post that a trigger would otherwise look up row by row."""
    copied = {name: post[name] for name in _COPIED}
    chosen = chance.sample(tags, 2)
    return [{"post_id": post["id"], "tag_id": tag, "position": place, **copied} for place, tag in enumerate(chosen)]


def _tags(connection: Connection) -> list[int]:
    """The ids of our tags, those made that are missing."""
    keys = [tag_key(name) for name in TAGS]
    known = set(connection.scalars(select(Tag.key).where(Tag.key.in_(keys))))
    missing = [{"name": name, "key": tag_key(name)} for name in TAGS if tag_key(name) not in known]
    if missing:
        connection.execute(insert(Tag), missing)
    return list(connection.scalars(select(Tag.id).where(Tag.key.in_(keys))))


def _write(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), rows)
        return
    columns = list(rows[0])
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:  # names are ours, not input
        for row in rows:
            copy.write_row([row[column] for column in columns])


_POSTGRES_INDEXES = """
    SELECT 'INDEX', indexname, indexdef FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename IN ('posts', 'post_tags')
    AND left(indexdef, 13) <> 'CREATE UNIQUE'
"""
# Its triggers write a row for every row: what they would have written is written at once (migrations 0002 and 0005).
_SQLITE_INDEXES = """
    SELECT type, name, sql FROM sqlite_master
    WHERE tbl_name IN ('posts', 'post_tags') AND type IN ('index', 'trigger') AND sql IS NOT NULL
"""
_SEARCHABLE = "INSERT INTO posts_search (posts_search) VALUES ('rebuild')"
_TALLIED = """
    INSERT INTO tag_tallies (tag_id, published)
    SELECT tag_id, count(*) FROM post_tags WHERE status = 'published' AND post_id >= {first} GROUP BY tag_id
"""


def _drop_indexes(connection: Connection, *, first: int) -> list[str]:
    """Drop the indexes, and return the statements that build them again: building once beats a million updates.

    ``first`` is the id of the first post to come.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        connection.exec_driver_sql(f"PRAGMA cache_size = -{SQLITE_CACHE}")
    found = connection.exec_driver_sql(_SQLITE_INDEXES if is_sqlite else _POSTGRES_INDEXES).all()
    for kind, name, _ in found:
        connection.exec_driver_sql(f'DROP {kind} "{name}"')
    catching_up = [_SEARCHABLE, _TALLIED.format(first=first)] if is_sqlite else []
    return [*catching_up, *(definition for _, _, definition in found)]


def _last_id(connection: Connection, table: Any) -> int:
    return connection.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0


def _move_sequences(connection: Connection) -> None:
    """Rows came with their ids: the next one the database makes up must be a new one (SQLite sees to that itself)."""
    if connection.dialect.name == "postgresql":
        for table in ("users", "posts"):
            latest = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608  # ours
            connection.execute(text(latest))


def _look_over(engine: Engine) -> None:
    """Update PostgreSQL's statistics and visibility map now, instead of when autovacuum comes."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (ANALYZE) users, posts, post_tags, tags, tag_tallies"))


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # made-up text guards nothing


def _word(chance: random.Random) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(2, 4)))
