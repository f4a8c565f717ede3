"""Jobs that leave with the transaction that caused them."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.context import current_request_id
from app.core.database import tell_job_written
from app.models import OutboxJob

SEND_VERIFICATION = "mail.verify_email"
SEND_RESET = "mail.reset_password"
SEND_PASSWORD_CHANGED = "mail.password_changed"  # noqa: S105  # a job's name
SEND_SESSION_REVOKED = "mail.session_revoked"
START_RESET = "auth.start_password_reset"


def enqueue(session: AsyncSession, name: str, **payload: Any) -> OutboxJob:
    """Write a job; it exists if and only if this session commits. Payloads hold ids, never secrets."""
    job = OutboxJob(name=name, payload=payload, request_id=current_request_id())
    session.add(job)
    tell_job_written(session)
    return job
