"""Fills a migrated PostgreSQL with users, posts and tags, by COPY; the same numbers give the same rows."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
from argon2 import PasswordHasher
from psycopg import sql

USERS = 1_000
WRITERS = 40  # of the users; few enough, as are the tags, that a page of one's posts is full at a thousand posts
TAGS = 50
VOCABULARY = 5_000
PASSWORD = "Correct7!horse-battery@staple"
NEWEST = datetime(2026, 1, 1, tzinfo=UTC)

USER_COLUMNS = (
    "email username hashed_password first_name last_name bio role is_active is_verified version created_at updated_at"
)
POST_COLUMNS = "id author_id title content excerpt slug status view_count published_at version created_at updated_at"

# Written by triggers otherwise, which are off while so much is copied.
LABEL = """
    INSERT INTO post_tags
        (post_id, tag_id, author_id, status, title, view_count, published_at, created_at, updated_at)
    SELECT id, tag_id, author_id, status, title, view_count, published_at, created_at, updated_at
    FROM labels JOIN posts ON id = post_id
"""
TALLY = """
    INSERT INTO tag_tallies (tag_id, published)
    SELECT tag_id, count(*) FROM post_tags WHERE status = 'published' GROUP BY tag_id
"""


def email_of(number: int) -> str:
    return f"writer{number}@example.org"


def words(posts: int) -> tuple[str, ...]:
    """Words of :func:`fill`'s posts that about 99, 10, 1 and 0.5 % of them contain."""
    vocabulary = _vocabulary(random.Random(posts))
    return tuple(vocabulary[number] for number in (0, 60, 1_800, VOCABULARY - 1))


def fill(url: str, *, posts: int) -> None:
    """Add `USERS` users and `posts` posts, nine in ten published, with two tags each. Tables must be empty."""
    chance = random.Random(posts)
    vocabulary = _vocabulary(chance)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # foreign keys are not looked up row by row
        cursor.execute("SET maintenance_work_mem = '256MB'")
        indexes = _drop_indexes(cursor)
        _copy(cursor, "users", USER_COLUMNS.split(), _users())
        _copy(cursor, "tags", ["name", "key"], ((f"tag{number}", f"tag{number}") for number in range(TAGS)))
        _copy(cursor, "posts", POST_COLUMNS.split(), _posts(posts, chance, vocabulary))
        labels = ((post, tag) for post in range(1, posts + 1) for tag in {1 + post % TAGS, 1 + (post * 7) % TAGS})
        cursor.execute("CREATE TEMPORARY TABLE labels (post_id bigint, tag_id bigint)")
        _copy(cursor, "labels", ["post_id", "tag_id"], labels)
        cursor.execute(LABEL)
        cursor.execute(TALLY)
        cursor.execute("SELECT setval(pg_get_serial_sequence('posts', 'id'), %s)", [posts])
        for statement in indexes:
            cursor.execute(statement)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def refresh_tokens(url: str, *, key: str, count: int) -> list[str]:
    """Refresh tokens of as many sessions, each good once."""
    from app.config import Settings
    from app.kit.ids import uuid7
    from app.security.tokens import TokenSigner, token_hash

    signer = TokenSigner(Settings(_env_file=None, secret_key=key, database_url=url))  # type: ignore[call-arg,arg-type]
    now = datetime.now(UTC)
    columns = ["id", "user_id", "refresh_hash", "created_at", "last_used_at", "expires_at"]
    tokens: list[str] = []
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        rows: list[tuple[Any, ...]] = []
        for number in range(count):
            session, user = uuid7(), 1 + number % USERS
            token = signer.sign(typ="refresh", user_id=user, session_id=session, lifetime=86_400)
            rows.append((session, user, token_hash(token), now, now, now + timedelta(days=7)))
            tokens.append(token)
        _copy(cursor, "sessions", columns, iter(rows))
    return tokens


def _drop_indexes(cursor: psycopg.Cursor[Any]) -> list[LiteralString]:
    """Drop what only searching needs and return what makes it again: building an index once beats a million inserts."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        " AND tablename IN ('posts', 'post_tags') AND indexdef NOT LIKE 'CREATE UNIQUE%'"
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    return [definition for _, definition in found]


def _copy(cursor: psycopg.Cursor[Any], table: str, columns: list[str], rows: Iterator[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:  # names are ours, not input
        for row in rows:
            copy.write_row(row)


def _users() -> Iterator[tuple[Any, ...]]:
    secret = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1).hash(PASSWORD)
    for number in range(1, USERS + 1):
        when = NEWEST - timedelta(minutes=number)
        names = f"First{number}", f"Last{number}", "Writes now and then."
        yield email_of(number), f"writer{number}", secret, *names, "user", True, True, 1, when, when


def _posts(posts: int, chance: random.Random, vocabulary: list[str]) -> Iterator[tuple[Any, ...]]:
    for number in range(1, posts + 1):
        when = NEWEST - timedelta(seconds=30 * (posts - number))
        words = [vocabulary[int(len(vocabulary) * chance.random() ** 3)] for _ in range(60)]  # few words are common
        content, title = " ".join(words), " ".join(words[:6]).capitalize()
        status = "draft" if number % 20 == 0 else "archived" if number % 20 == 10 else "published"
        published = None if status == "draft" else when
        author = 1 + number % WRITERS
        slug, views = f"post-{number}", chance.randrange(10_000)
        yield number, author, title, content, content[:200], slug, status, views, published, 1, when, when


def _vocabulary(chance: random.Random) -> list[str]:
    return [_word(chance) for _ in range(VOCABULARY)]


def _word(chance: random.Random) -> str:
    syllables = ("ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo")
    return "".join(chance.choice(syllables) for _ in range(chance.randint(2, 4)))
