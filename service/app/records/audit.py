"""The trail of what administrators do: one row for each change, written in the transaction that makes it.

A row keeps what a value was and what it became. Of personal texts it keeps only that they changed: the
trail cannot be altered, so it must not hold what its owner may want erased.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.http.context import current_request_id
from app.models import AuditEvent

SHOWN = frozenset(
    {
        "is_active",
        "is_verified",
        "name",
        "published_at",
        "role",
        "slug",
        "status",
        "title",
        "user_id",
        "username",
    }
)
"""Columns whose values the trail may keep."""

BOOKKEEPING = frozenset({"updated_at", "version"})
CHANGED = "changed"


def record(
    session: AsyncSession, actor_id: int, action: str, target: str, changes: Mapping[str, Any] | None = None
) -> None:
    """Add a row: the administrator ``actor_id`` did ``action`` (``user.access``) to ``target`` (``user:12``)."""
    session.add(
        AuditEvent(
            actor_id=actor_id,
            action=action,
            target=target,
            detail=dict(changes) if changes else None,
            request_id=current_request_id(),
        )
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What ``after`` says otherwise, by name: ``[before, after]``, or that it changed where values are not kept."""
    return {
        name: [_plain(before.get(name)), _plain(value)] if name in SHOWN else CHANGED
        for name, value in after.items()
        if name not in BOOKKEEPING and value != before.get(name)
    }


def removal(before: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a row that is gone."""
    return {name: [_plain(value), None] for name, value in before.items() if name in SHOWN and value is not None}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
