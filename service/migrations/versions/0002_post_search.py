"""Full-text search of posts.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# 'simple' neither stems nor drops words: it knows no language, as the service does not know the writer's. left() bounds
# what goes into one tsvector, which PostgreSQL refuses beyond 1 MB.
_POSTGRES = (
    """
    ALTER TABLE posts ADD COLUMN search tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', title), 'A')
        || setweight(to_tsvector('simple', left(content, 100000)), 'B')
    ) STORED
    """,
    "CREATE INDEX ix_posts_search ON posts USING gin (search)",
)

# The index holds no second copy of the text (content=posts); triggers keep it up to date, cascades included.
_SQLITE = (
    """
    CREATE VIRTUAL TABLE posts_search USING fts5(
        title, content, content = posts, content_rowid = id, tokenize = 'unicode61 remove_diacritics 0'
    )
    """,
    "INSERT INTO posts_search (rowid, title, content) SELECT id, title, content FROM posts",
    """
    CREATE TRIGGER posts_search_insert AFTER INSERT ON posts BEGIN
        INSERT INTO posts_search (rowid, title, content) VALUES (new.id, new.title, new.content);
    END
    """,
    """
    CREATE TRIGGER posts_search_delete AFTER DELETE ON posts BEGIN
        INSERT INTO posts_search (posts_search, rowid, title, content)
        VALUES ('delete', old.id, old.title, old.content);
    END
    """,
    """
    CREATE TRIGGER posts_search_update AFTER UPDATE OF title, content ON posts BEGIN
        INSERT INTO posts_search (posts_search, rowid, title, content)
        VALUES ('delete', old.id, old.title, old.content);
        INSERT INTO posts_search (rowid, title, content) VALUES (new.id, new.title, new.content);
    END
    """,
)


def upgrade() -> None:
    for statement in _POSTGRES if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE posts DROP COLUMN search")
        return
    for name in ("insert", "delete", "update"):
        op.execute(f"DROP TRIGGER posts_search_{name}")
    op.execute("DROP TABLE posts_search")
