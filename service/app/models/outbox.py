"""Background jobs, written in the transaction that caused them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import utcnow
from app.kit.ids import uuid7
from app.models.base import Base, CreatedAt, UtcDateTime
from app.models.user import string_enum


class JobStatus(StrEnum):
    """pending: waits for its time; sent: handed to the broker; running: a worker has it; done; dead: given up, kept."""

    PENDING = "pending"
    SENT = "sent"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class OutboxJob(Base):
    """One job. `id` is what makes it idempotent: a worker that gets it again sees that it was done."""

    __tablename__ = "outbox"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    name: Mapped[str] = mapped_column(String(100))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[JobStatus] = mapped_column(string_enum(JobStatus, "status"), default=JobStatus.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[CreatedAt]
    run_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    """Not before this time: a delay, or the back-off after a failure."""
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(String(128))
    traceparent: Mapped[str | None] = mapped_column(String(64))
    """The span that caused it (W3C Trace Context), where requests are traced."""

    __table_args__ = (
        Index(
            "ix_outbox_due",
            "run_at",
            postgresql_where=text("status = 'pending'"),
            sqlite_where=text("status = 'pending'"),
        ),
        Index(None, "status", "created_at"),
    )
