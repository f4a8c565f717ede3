"""People who sign in."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Enum, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, Timestamped, UtcDateTime


class Role(StrEnum):
    USER = "user"
    ADMIN = "admin"


def string_enum(kind: type[StrEnum], name: str) -> Enum:
    """A StrEnum kept as its value in a VARCHAR with a CHECK: new members need no type migration."""
    return Enum(kind, name=name, native_enum=False, create_constraint=True, length=16, values_callable=_values)


def _values(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


class User(Base, Timestamped):
    __tablename__ = "users"

    id: Mapped[BigId]
    email: Mapped[str] = mapped_column(String(320), unique=True)
    """Stored in lower case: an address that differs by case is the same account."""
    username: Mapped[str] = mapped_column(String(50))
    hashed_password: Mapped[str] = mapped_column(String(255))
    first_name: Mapped[str | None] = mapped_column(String(50))
    last_name: Mapped[str | None] = mapped_column(String(50))
    bio: Mapped[str | None] = mapped_column(String(500))
    avatar: Mapped[str | None] = mapped_column(String(2048))
    role: Mapped[Role] = mapped_column(string_enum(Role, "role"), default=Role.USER)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_verified: Mapped[bool] = mapped_column(default=False)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's own idiom
    __table_args__ = (
        Index("uq_users_username_lower", func.lower(username), unique=True),
        Index(None, "created_at", "id"),
        Index(None, "updated_at", "id"),
        # The few rows that decide whether an administrator may be removed.
        Index(
            "ix_users_active_admins",
            "id",
            postgresql_where=text("role = 'admin' AND is_active"),
            sqlite_where=text("role = 'admin' AND is_active"),
        ),
        {"sqlite_autoincrement": True},  # an id is never used twice, even after its row is gone
    )
