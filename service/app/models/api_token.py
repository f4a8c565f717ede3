"""Personal API tokens: what scripts and other programs sign in with."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, UtcDateTime
from app.models.grant import Grant


class ApiToken(Grant, Base):
    """The row keeps only the hash: who reads the database cannot use the token."""

    __tablename__ = "api_tokens"

    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    prefix: Mapped[str] = mapped_column(String(40))
    """How it begins, so that its owner can tell which one it is."""
    scopes: Mapped[str] = mapped_column(String(255))
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
