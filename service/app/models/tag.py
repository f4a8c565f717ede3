"""Labels of posts."""

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, SmallInteger, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, BigInt


def tag_key(name: str) -> str:
    """What makes two spellings one tag."""
    return name.casefold()


def _key_of_name(context: Any) -> str:
    return tag_key(context.get_current_parameters()["name"])


class Tag(Base):
    """A label, spelt as whoever used it first spelt it."""

    __tablename__ = "tags"

    id: Mapped[BigId]
    name: Mapped[str] = mapped_column(String(50))
    key: Mapped[str] = mapped_column(String(150), unique=True, default=_key_of_name)


post_tags = Table(
    "post_tags",
    Base.metadata,
    Column("post_id", BigInt, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", BigInt, ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
    Column("position", SmallInteger, nullable=False, server_default=text("0")),  # the author's order
    Index("ix_post_tags_tag_id_post_id", "tag_id", "post_id"),
)
