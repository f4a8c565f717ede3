"""What an account asks for beside the password."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigInt, CreatedAt, UtcDateTime


class SecondFactor(Base):
    """An authenticator app; asked for once `confirmed_at` is set."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
    """Encrypted (app.security.encryption): reading the database is not enough to make codes."""
    sealed_by: Mapped[str] = mapped_column(String(12))
    """Id of the key that encrypted it, so that a rotation can find what it has to encrypt again."""
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(BigInt, default=0)
    """Time step of the newest code that was used: no code up to it is good again."""
    failed_attempts: Mapped[int] = mapped_column(default=0)
    """Wrong codes since the last right one."""
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[CreatedAt]

    __table_args__ = (Index(None, "sealed_by"),)


class RecoveryCode(Base):
    """A way in without the app, good once: using it removes its row."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """SHA-256 is enough: a code has 120 random bits."""
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[CreatedAt]
