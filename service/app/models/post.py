"""What people write."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, BigId, BigInt, Timestamped, UtcDateTime
from app.models.listing import listing_indexes
from app.models.tag import Tag, post_tags
from app.models.user import User, string_enum


class PostStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Post(Base, Timestamped):
    """A post is public when its status is ``published`` and its ``published_at`` has come.

    PostgreSQL also keeps ``search``, a generated tsvector; SQLite the FTS5 table ``posts_search`` (migration 0002).
    """

    __tablename__ = "posts"

    id: Mapped[BigId]
    author_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(Text)
    excerpt: Mapped[str] = mapped_column(String(500))
    slug: Mapped[str] = mapped_column(String(255), unique=True)
    status: Mapped[PostStatus] = mapped_column(string_enum(PostStatus, "status"), default=PostStatus.DRAFT)
    view_count: Mapped[int] = mapped_column(BigInt, default=0)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    author: Mapped[User] = relationship(lazy="raise")
    tags: Mapped[list[Tag]] = relationship(
        secondary=post_tags, lazy="raise", order_by=[post_tags.c.position, Tag.name], passive_deletes=True
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's own idiom
    __table_args__ = (
        *listing_indexes("ix_posts_status"),
        *listing_indexes("ix_posts_author", "author_id"),
        {"sqlite_autoincrement": True},
    )
