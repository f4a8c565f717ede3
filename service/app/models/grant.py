"""What a user is let in by: a session or an API token."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.kit.ids import uuid7
from app.models.base import BigInt, CreatedAt, UtcDateTime


class Grant:
    """A row is good until it expires or is revoked; it is kept for a while after that."""

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return (Index(None, "user_id", "created_at"), Index(None, "expires_at"))
