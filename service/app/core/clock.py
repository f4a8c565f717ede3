"""The service's one clock: timezone-aware UTC, microsecond precision."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    return datetime.now(UTC)
