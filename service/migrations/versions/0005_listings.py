"""Lists that cost the same at any number of posts.

`post_tags` gets copies of what its post is found and sorted by, and an index for each order; so do the posts of a
status and of an author. Triggers keep the copies, and count each tag's published posts.

Building the indexes keeps writers waiting, for about two minutes a million posts.

Revision ID: 0005
"""

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

_POSTGRES = (
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


def upgrade() -> None:
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
    op.execute(f"UPDATE post_tags SET ({NAMES}) = (SELECT {NAMES} FROM posts WHERE id = post_id)")  # noqa: S608  # our own names
    op.execute(
        "INSERT INTO tag_tallies (tag_id, published)"
        " SELECT tag_id, count(*) FROM post_tags WHERE status = 'published' GROUP BY tag_id"
    )
    replace_indexes()
    if op.get_bind().dialect.name == "postgresql":
        for statement in _POSTGRES:
            op.execute(statement)
    else:
        for name, rest in _SQLITE.items():
            op.execute(f"CREATE TRIGGER {name} {rest}")


def replace_indexes() -> None:
    for prefix, table, leading, row in LISTINGS:
        for order, keys in ORDERS.items():
            op.create_index(f"{prefix}_{order}", table, [*leading, "status", *keys, row, "published_at"])
    op.create_index("ix_post_tags_author_tag", "post_tags", ["author_id", "tag_id", "status"])
    op.drop_index("ix_post_tags_tag_id_post_id", "post_tags")
    op.drop_index(op.f("ix_posts_author_id_id"), "posts")
    for column in ("created_at", "updated_at", "view_count", "title"):
        op.drop_index(op.f(f"ix_posts_{column}_id"), "posts")
    op.drop_index("ix_posts_published_order", "posts")
    op.drop_index(op.f("ix_posts_status_published_at_id"), "posts")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in _POSTGRES_FUNCTIONS:
            op.execute(f"DROP FUNCTION {name} CASCADE")
    else:
        for name in _SQLITE:
            op.execute(f"DROP TRIGGER {name}")
    op.create_index(op.f("ix_posts_author_id_id"), "posts", ["author_id", "id"])
    for column in ("created_at", "updated_at", "view_count", "title"):
        op.create_index(op.f(f"ix_posts_{column}_id"), "posts", [column, "id"])
    op.create_index("ix_posts_published_order", "posts", [sa.text(PUBLISHED_ORDER), "id"])
    op.create_index(op.f("ix_posts_status_published_at_id"), "posts", ["status", "published_at", "id"])
    op.create_index("ix_post_tags_tag_id_post_id", "post_tags", ["tag_id", "post_id"])
    op.drop_index("ix_post_tags_author_tag", "post_tags")
    for prefix, table, _, _ in LISTINGS:
        for order in ORDERS:
            op.drop_index(f"{prefix}_{order}", table)
    for name in COPIES:
        op.drop_column("post_tags", name)
    op.drop_table("tag_tallies")
