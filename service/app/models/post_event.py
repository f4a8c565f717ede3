"""What happened to posts, for those who follow them."""

from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, BigInt, CreatedAt
from app.models.user import string_enum


class Audience(StrEnum):
    """Who sees a post: nobody (there is none), its author and administrators, or everybody."""

    NOBODY = "nobody"
    AUTHOR = "author"
    EVERYBODY = "everybody"


class PostEvent(Base):
    """One change of a post, written in the same transaction. Kept for a day.

    No foreign keys: a deletion is an event too. ``post_id`` is missing where more changed than is worth a row each:
    whoever follows posts then reads them anew.
    """

    __tablename__ = "post_events"

    id: Mapped[BigId]
    post_id: Mapped[int | None] = mapped_column(BigInt)
    author_id: Mapped[int | None] = mapped_column(BigInt)
    version: Mapped[int]
    audience_before: Mapped[Audience] = mapped_column(string_enum(Audience, "audience_before"))
    audience_after: Mapped[Audience] = mapped_column(string_enum(Audience, "audience_after"))
    created_at: Mapped[CreatedAt]

    __table_args__ = (Index(None, "created_at"), {"sqlite_autoincrement": True})
