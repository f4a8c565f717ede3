"""Who changed what."""

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.ids import uuid7
from app.models.base import Base, BigInt, CreatedAt


class AuditEvent(Base):
    """Append-only. `target` is `user:12`; the row outlives both actor and target."""

    __tablename__ = "audit_events"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    actor_id: Mapped[int | None] = mapped_column(BigInt)
    """No foreign key: who acted stays known by number after the account is gone (numbers are never used twice)."""
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(64))
    detail: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    request_id: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        Index(None, "target", "created_at"),
        Index(None, "actor_id", "created_at"),
        Index(None, "created_at"),
    )
