"""Personal API tokens, with which programs sign in, and scopes: what a token may do of all that its user may.

A session has every scope.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, UtcDateTime
from app.models.grant import Grant


class Scope(StrEnum):
    PROFILE_READ = "profile:read"
    PROFILE_WRITE = "profile:write"
    POSTS_READ = "posts:read"
    POSTS_WRITE = "posts:write"
    ADMIN = "admin"


DESCRIPTIONS: dict[Scope, str] = {
    Scope.PROFILE_READ: "Read your own profile, and everyone's public one.",
    Scope.PROFILE_WRITE: "Change your profile.",
    Scope.POSTS_READ: "Read posts, your drafts among them.",
    Scope.POSTS_WRITE: "Write, publish, change and delete posts of yours.",
    Scope.ADMIN: "With the other scopes: what administrators may do beyond that. For administrators' tokens only.",
}


class ApiToken(Grant, Base):
    """The row keeps only the hash: reading the database is not enough to use the token."""

    __tablename__ = "api_tokens"

    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    prefix: Mapped[str] = mapped_column(String(40))
    """How it begins, so that its owner can tell which one it is."""
    scopes: Mapped[str] = mapped_column(String(255))
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def pack(scopes: frozenset[Scope]) -> str:
    """As OAuth writes them: one string, separated by spaces (RFC 6749 §3.3), in the order they are declared."""
    return " ".join(scope for scope in Scope if scope in scopes)


def unpack(packed: str) -> frozenset[Scope]:
    """Scopes of a stored token; a name that is no longer one is left out, so that it allows nothing."""
    known = {scope.value: scope for scope in Scope}
    return frozenset(known[name] for name in packed.split() if name in known)
