"""A log of what happened to posts, for event streams.

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _audience(column: str) -> sa.Column[str]:
    kind = sa.Enum("nobody", "author", "everybody", name=column, native_enum=False, create_constraint=True, length=16)
    return sa.Column(column, kind, nullable=False)


def upgrade() -> None:
    op.create_table(
        "post_events",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("post_id", BIG_INT, nullable=True),
        sa.Column("author_id", BIG_INT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _audience("audience_before"),
        _audience("audience_after"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_post_events_created_at"), "post_events", ["created_at"])


def downgrade() -> None:
    op.drop_table("post_events")
