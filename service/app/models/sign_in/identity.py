"""Accounts at OpenID providers that sign in to accounts here."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.ids import uuid7
from app.models.base import Base, BigInt, CreatedAt, UtcDateTime


class Identity(Base):
    """A user as an OpenID provider knows them. Only issuer and subject together identify somebody for good
    (OpenID Connect Core §5.7); the e-mail address is the one they were known by when the two were linked.
    """

    __tablename__ = "identities"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(512))
    subject: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("issuer", "subject"),)
