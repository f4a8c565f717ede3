"""Lists that cost the same at any number of posts.

`post_tags` gets copies of what its post is found and sorted by, and an index for each order; so do the posts of a
status and of an author. Triggers keep the copies, and count each tag's published posts.

On PostgreSQL nobody waits while posts are copied and indexes are built; what was cut off in between begins anew.

Revision ID: 0005
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PUBLISHED_ORDER = "coalesce(published_at, '0001-01-01 00:00:00+00')"
ORDERS = {
    "id": (),
    "title": ("title",),
    "created_at": ("created_at",),
    "updated_at": ("updated_at",),
    "published_at": (sa.text(PUBLISHED_ORDER),),
    "view_count": ("view_count",),
}
BATCH = 20_000  # labels copied in one transaction
LISTINGS = (
    ("ix_posts_status", "posts", (), "id"),
    ("ix_posts_author", "posts", ("author_id",), "id"),
    ("ix_post_tags_tag", "post_tags", ("tag_id",), "post_id"),
)
COPIES = {
    "author_id": BIG_INT,
    "status": sa.String(length=16),
    "title": sa.String(length=200),
    "view_count": BIG_INT,
    "published_at": TIME,
    "created_at": TIME,
    "updated_at": TIME,
}
NAMES = ", ".join(COPIES)

_POSTGRES_COPYING = (
    # FOR SHARE: a change of the post that is under way must not slip in between the copying and the commit.
    f"""
    CREATE FUNCTION post_tags_copy_post() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        SELECT {NAMES} INTO {", ".join(f"NEW.{name}" for name in COPIES)}
        FROM posts WHERE id = NEW.post_id FOR SHARE;
        RETURN NEW;
    END $$
    """,  # noqa: S608  # our own names
    """
    CREATE TRIGGER post_tags_copy_post BEFORE INSERT ON post_tags
    FOR EACH ROW WHEN (NEW.status IS NULL) EXECUTE FUNCTION post_tags_copy_post()
    """,
    f"""
    CREATE FUNCTION posts_copy_to_tags() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE post_tags SET ({NAMES}) = ROW({", ".join(f"NEW.{name}" for name in COPIES)}) WHERE post_id = NEW.id;
        RETURN NULL;
    END $$
    """,  # noqa: S608  # our own names
    f"""
    CREATE TRIGGER posts_copy_to_tags AFTER UPDATE OF {NAMES} ON posts
    FOR EACH ROW EXECUTE FUNCTION posts_copy_to_tags()
    """,
)
_POSTGRES_TALLYING = (
    """
    CREATE FUNCTION post_tags_tally() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO tag_tallies (tag_id, published)
        SELECT tag_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
        FROM changed WHERE status = 'published' GROUP BY tag_id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER post_tags_tally_added AFTER INSERT ON post_tags
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION post_tags_tally()
    """,
    """
    CREATE TRIGGER post_tags_tally_removed AFTER DELETE ON post_tags
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION post_tags_tally()
    """,
    """
    CREATE FUNCTION post_tags_tally_status() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO tag_tallies (tag_id, published)
        VALUES (NEW.tag_id, (NEW.status = 'published')::int - (OLD.status = 'published')::int);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER post_tags_tally_status AFTER UPDATE OF status ON post_tags
    FOR EACH ROW WHEN ((NEW.status = 'published') IS DISTINCT FROM (OLD.status = 'published'))
    EXECUTE FUNCTION post_tags_tally_status()
    """,
)
_POSTGRES_FUNCTIONS = ("post_tags_copy_post", "posts_copy_to_tags", "post_tags_tally", "post_tags_tally_status")

_SQLITE = {
    "post_tags_copy_post": f"""
        AFTER INSERT ON post_tags WHEN new.status IS NULL BEGIN
            UPDATE post_tags SET ({NAMES}) = (SELECT {NAMES} FROM posts WHERE id = new.post_id)
            WHERE post_id = new.post_id AND tag_id = new.tag_id;
        END
    """,  # noqa: S608  # our own names
    "posts_copy_to_tags": f"""
        AFTER UPDATE OF {NAMES} ON posts BEGIN
            UPDATE post_tags SET ({NAMES}) = ({", ".join(f"new.{name}" for name in COPIES)}) WHERE post_id = new.id;
        END
    """,  # noqa: S608  # our own names
    "post_tags_tally_added": """
        AFTER INSERT ON post_tags WHEN new.status = 'published' BEGIN
            INSERT INTO tag_tallies (tag_id, published) VALUES (new.tag_id, 1);
        END
    """,
    "post_tags_tally_removed": """
        AFTER DELETE ON post_tags WHEN old.status = 'published' BEGIN
            INSERT INTO tag_tallies (tag_id, published) VALUES (old.tag_id, -1);
        END
    """,
    "post_tags_tally_status": """
        AFTER UPDATE OF status ON post_tags WHEN (new.status = 'published') IS NOT (old.status IS 'published') BEGIN
            INSERT INTO tag_tallies (tag_id, published)
            VALUES (new.tag_id, (new.status = 'published') - (old.status IS 'published'));
        END
    """,
}


COPY = f"UPDATE post_tags SET ({NAMES}) = (SELECT {NAMES} FROM posts WHERE id = post_id)"  # noqa: S608  # our own names
TALLY = (
    "INSERT INTO tag_tallies (tag_id, published)"
    " SELECT tag_id, count(*) FROM post_tags WHERE status = 'published' GROUP BY tag_id"
)
FORMER = {
    "ix_posts_author_id_id": ("author_id", "id"),
    **{f"ix_posts_{column}_id": (column, "id") for column in ("created_at", "updated_at", "view_count", "title")},
    "ix_posts_published_order": (sa.text(PUBLISHED_ORDER), "id"),
    "ix_posts_status_published_at_id": ("status", "published_at", "id"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _upgrade_postgres()
        return
    _add_tables_and_columns()
    op.execute(COPY)
    op.execute(TALLY)
    _add_indexes()
    for name, rest in _SQLITE.items():
        op.execute(f"CREATE TRIGGER {name} {rest}")


def _upgrade_postgres() -> None:
    """Copies are kept from the first moment on, made batch by batch, and counted while writers wait a moment."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    _drop_tables_and_columns()
    _add_tables_and_columns()
    for statement in _POSTGRES_COPYING:
        op.execute(statement)
    with op.get_context().autocommit_block():
        _copy_in_batches()
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("LOCK TABLE post_tags IN SHARE ROW EXCLUSIVE MODE")
    op.execute(TALLY)
    for statement in _POSTGRES_TALLYING:
        op.execute(statement)
    with op.get_context().autocommit_block():
        _add_indexes(concurrently=True)


def _copy_in_batches() -> None:
    batch = sa.text(
        "SELECT max(post_id) FROM (SELECT post_id FROM post_tags WHERE post_id > :done ORDER BY post_id LIMIT :size) b"
    )
    done = 0
    while (last := op.get_bind().scalar(batch, {"done": done, "size": BATCH})) is not None:
        op.execute(f"{COPY} WHERE post_id > {done} AND post_id <= {last} AND status IS NULL")
        done = last


def _add_tables_and_columns() -> None:
    op.create_table(
        "tag_tallies",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("tag_id", BIG_INT, nullable=False),
        sa.Column("published", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_tag_tallies_tag_id_tags"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_tallies")),
    )
    op.create_index(op.f("ix_tag_tallies_tag_id"), "tag_tallies", ["tag_id"])
    for name, kind in COPIES.items():
        op.add_column("post_tags", sa.Column(name, kind, nullable=True))


def _drop_tables_and_columns() -> None:
    """Of PostgreSQL; those that an earlier attempt has left, too."""
    for name in _POSTGRES_FUNCTIONS:
        op.execute(f"DROP FUNCTION IF EXISTS {name} CASCADE")
    for name in COPIES:
        op.execute(f"ALTER TABLE post_tags DROP COLUMN IF EXISTS {name}")
    op.execute("DROP TABLE IF EXISTS tag_tallies")


def _add_indexes(*, concurrently: bool = False) -> None:
    for prefix, table, leading, row in LISTINGS:
        for order, keys in ORDERS.items():
            columns = [*leading, "status", *keys, row, "published_at"]
            _build(f"{prefix}_{order}", table, columns, concurrently=concurrently)
    _build("ix_post_tags_author_tag", "post_tags", ["author_id", "tag_id", "status"], concurrently=concurrently)
    _drop("ix_post_tags_tag_id_post_id", "post_tags", concurrently=concurrently)
    for name in FORMER:
        _drop(name, "posts", concurrently=concurrently)


def _build(name: str, table: str, columns: Sequence[Any], *, concurrently: bool) -> None:
    if concurrently:  # one that was cut off is there and not valid
        _drop(name, table, concurrently=True)
    op.create_index(op.f(name), table, list(columns), postgresql_concurrently=concurrently)


def _drop(name: str, table: str, *, concurrently: bool) -> None:
    op.drop_index(op.f(name), table, if_exists=concurrently, postgresql_concurrently=concurrently)


def downgrade() -> None:
    is_postgres = op.get_bind().dialect.name == "postgresql"
    if is_postgres:
        with op.get_context().autocommit_block():
            _restore_indexes(concurrently=True)
        op.execute("SET LOCAL lock_timeout = '10s'")
        _drop_tables_and_columns()
        return
    for name in _SQLITE:
        op.execute(f"DROP TRIGGER {name}")
    _restore_indexes()
    for name in COPIES:
        op.drop_column("post_tags", name)
    op.drop_table("tag_tallies")


def _restore_indexes(*, concurrently: bool = False) -> None:
    for name, columns in FORMER.items():
        _build(name, "posts", columns, concurrently=concurrently)
    _build("ix_post_tags_tag_id_post_id", "post_tags", ["tag_id", "post_id"], concurrently=concurrently)
    _drop("ix_post_tags_author_tag", "post_tags", concurrently=concurrently)
    for prefix, table, _, _ in LISTINGS:
        for order in ORDERS:
            _drop(f"{prefix}_{order}", table, concurrently=concurrently)
