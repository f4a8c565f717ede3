"""First answers, kept so that a retried request gets the same one."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, UtcDateTime


class IdempotencyRecord(Base):
    """`key_hash` covers who asked, what they asked for and the key they sent; `answer` is encrypted with that key."""

    __tablename__ = "idempotency_records"

    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Keyed hash of the request body: the same key with another body is an error, not a retry."""
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "expires_at"),)
