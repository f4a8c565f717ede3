"""Logins: one row for each, and the refresh token that is good for it now."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, UtcDateTime
from app.models.grant import Grant


class Session(Grant, Base):
    """A refresh-token family: it expires when it has not been refreshed for long."""

    __tablename__ = "sessions"

    refresh_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    """SHA-256 of the one refresh token that may still be used."""
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ip_address: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(255))
