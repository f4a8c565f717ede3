"""Labels of posts."""

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, SmallInteger, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, BigInt, UtcDateTime
from app.models.listing import listing_indexes


def tag_key(name: str) -> str:
    """What makes two spellings one tag."""
    return name.casefold()


def _key_of_name(context: Any) -> str:
    return tag_key(context.get_current_parameters()["name"])


class Tag(Base):
    """A label, in the spelling of its first use."""

    __tablename__ = "tags"

    id: Mapped[BigId]
    name: Mapped[str] = mapped_column(String(50))
    key: Mapped[str] = mapped_column(String(150), unique=True, default=_key_of_name)


class TagTally(Base):
    """A change of how many published posts a tag has; the number is the sum of the tag's tallies.

    Written by triggers (migration 0005). A writer adds a row and does not wait, as it would for a counter row that all
    change; ``upkeep`` folds them.
    """

    __tablename__ = "tag_tallies"

    id: Mapped[BigId]
    tag_id: Mapped[int] = mapped_column(BigInt, ForeignKey("tags.id", ondelete="CASCADE"), index=True)
    published: Mapped[int] = mapped_column(BigInt)


post_tags = Table(
    "post_tags",
    Base.metadata,
    Column("post_id", BigInt, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", BigInt, ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
    Column("position", SmallInteger, nullable=False, server_default=text("0")),  # the author's order
    # The post's own, copied by triggers (migration 0005): one index finds a tag's posts in any order.
    Column("author_id", BigInt),
    Column("status", String(16)),
    Column("title", String(200)),
    Column("view_count", BigInt),
    Column("published_at", UtcDateTime),
    Column("created_at", UtcDateTime),
    Column("updated_at", UtcDateTime),
    *listing_indexes("ix_post_tags_tag", "tag_id", row="post_id"),
    Index("ix_post_tags_author_tag", "author_id", "tag_id", "status"),
)
