"""What every table shares: naming of constraints, UTC times, types that mean the same on both databases."""

from datetime import UTC, datetime
from typing import Annotated

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, TypeDecorator, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.kit.clock import utcnow

# Alembic can only drop what has a name, and a name that is made up differs from one database to the next.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware UTC time. SQLite has no such type: it keeps the UTC time without its zone, as sortable text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored; use app.kit.clock.utcnow()")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


# 64 bits everywhere; SQLite only makes INTEGER PRIMARY KEY its row id.
BigInt = BigInteger().with_variant(Integer, "sqlite")
BigId = Annotated[int, mapped_column(BigInt, primary_key=True)]
CreatedAt = Annotated[datetime, mapped_column(UtcDateTime, default=utcnow)]
UpdatedAt = Annotated[datetime, mapped_column(UtcDateTime, default=utcnow)]


class Timestamped:
    """Rows that say when they were made and last changed."""

    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


@event.listens_for(Timestamped, "before_update", propagate=True)
def touch(_mapper: object, _connection: object, row: Timestamped) -> None:
    """The ORM sets the time of a change; an UPDATE statement sets it itself, or not at all (a login, a token's use)."""
    row.updated_at = utcnow()
