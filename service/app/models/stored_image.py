"""What is known of an image whose file is in the store."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, Uuid, and_
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.kit.ids import uuid7
from app.models.base import CreatedAt


class StoredImage:
    """A row is written before its file and goes after it: there is never a file that no row names.

    ``OWNER`` is the column that says what the image belongs to. It is NULL until the file is whole, and again once its
    owner is gone or has another: then a job removes both (:mod:`app.tasks.uploads`).
    """

    OWNER: str

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    """Also the name of the file, and its entity tag: a file is never changed."""
    media_type: Mapped[str] = mapped_column(String(32))
    byte_size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[CreatedAt]

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return (Index(None, cls.OWNER),)

    @classmethod
    def abandoned(cls, before: datetime) -> ColumnElement[bool]:
        """The rows that belong to nothing. One made since ``before`` may be of an upload under way."""
        return and_(getattr(cls, cls.OWNER).is_(None), cls.created_at < before)
