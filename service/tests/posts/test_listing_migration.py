"""Migration 0005 on tables that are full: nothing is missing from the copies, and it may be cut off."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.config import Settings
from app.database import migrations
from tests.backends import Backend
from tests.conftest import settings_for
from tests.database.test_migrations import tables
from tests.servers import Postgres

ROWS = (
    "INSERT INTO users (email, username, hashed_password, first_name, last_name, role, is_active, is_verified, version,"
    " created_at, updated_at) VALUES ('a@example.org', 'ann', 'x', 'Ann', 'Lee', 'user', true, true, 1, now(), now())",
    "INSERT INTO tags (name, key) VALUES ('a', 'a'), ('b', 'b')",
    "INSERT INTO posts (author_id, title, content, excerpt, slug, status, view_count, published_at, version,"
    " created_at, updated_at) SELECT users.id, 'Post ' || n, '', '', 'post-' || n,"
    " CASE WHEN n % 4 = 0 THEN 'draft' ELSE 'published' END, n,"
    " now(), 1, now(), now() FROM users, generate_series(1, 30) AS n",
    "INSERT INTO post_tags (post_id, tag_id) SELECT posts.id, tags.id FROM posts, tags",
)
COPIED = (
    "SELECT count(*) FROM post_tags JOIN posts ON posts.id = post_id WHERE (post_tags.status, post_tags.title,"
    " post_tags.view_count, post_tags.author_id) = (posts.status, posts.title, posts.view_count, posts.author_id)"
)
TALLIED = "SELECT sum(published) FROM tag_tallies GROUP BY tag_id"
INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Settings]:
    """Settings of a PostgreSQL database without a single table."""
    server = Postgres()
    server.start()
    yield settings_for(Backend(name="postgres", database_url=server.url()), data_dir=tmp_path)
    server.stop()


def test_lists_are_prepared_for_posts_that_are_there_and_again_after_being_cut_off(empty: Settings):
    migrations.upgrade(empty, "0004")
    engine = create_engine(migrations.sync_url(empty.database), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in ROWS:
            connection.execute(text(statement))
        for _ in range(2):
            migrations.upgrade(empty, "0005")
            assert connection.scalar(text(COPIED)) == 60
            assert connection.scalars(text(TALLIED)).all() == [23, 23]
            assert connection.scalar(text(INVALID)) == 0
            # As if the first attempt had been cut off in its last moment.
            connection.execute(text("UPDATE alembic_version SET version_num = '0004'"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))
        connection.execute(text("UPDATE posts SET status = 'archived' WHERE title = 'Post 1'"))
        assert connection.scalar(text(COPIED)) == 60
        assert connection.scalars(text(TALLIED)).all() == [22, 22]
    engine.dispose()
    migrations.upgrade(empty)
    migrations.downgrade(empty, "base")
    assert tables(empty) == {"alembic_version"}
