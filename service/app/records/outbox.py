"""Jobs that leave with the transaction that caused them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Delete, Update, and_, delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import tell_job_written
from app.http.context import request_context
from app.kit.clock import utcnow
from app.models import JobStatus, OutboxJob

SEND_VERIFICATION = "mail.verify_email"
SEND_RESET = "mail.reset_password"
SEND_SESSION_REVOKED = "mail.session_revoked"
SEND_SECURITY_NOTICE = "mail.security_notice"
START_RESET = "auth.start_password_reset"


def enqueue(session: AsyncSession, name: str, **payload: Any) -> OutboxJob:
    """Write a job; it exists if and only if this session commits. Payloads hold ids, never secrets."""
    context = request_context.get()
    job = OutboxJob(name=name, payload=payload)
    if context is not None:
        job.request_id, job.traceparent = context.request_id, context.traceparent
    session.add(job)
    tell_job_written(session)
    return job


def notify(session: AsyncSession, user_id: int, event: str) -> OutboxJob:
    """Mail a user what happened to the security of their account (`app.tasks.mails.SECURITY_NOTICES`)."""
    return enqueue(session, SEND_SECURITY_NOTICE, user_id=user_id, event=event)


def retry(job_id: UUID | None) -> Update:
    """Make one job that is dead or waits, or (None) every dead one, run again now with a fresh count of attempts."""
    which = OutboxJob.status == JobStatus.DEAD
    if job_id is not None:
        which = and_(OutboxJob.id == job_id, OutboxJob.status.in_([JobStatus.DEAD, JobStatus.PENDING]))
    return (
        update(OutboxJob)
        .where(which)
        .values(status=JobStatus.PENDING, run_at=utcnow(), attempts=0, finished_at=None)
        .execution_options(synchronize_session=False)
    )


def drop(job_id: UUID) -> Delete:
    """Delete a job that is dead or waits; one that runs is left alone."""
    statuses = [JobStatus.DEAD, JobStatus.PENDING, JobStatus.SENT]
    return (
        delete(OutboxJob)
        .where(OutboxJob.id == job_id, OutboxJob.status.in_(statuses))
        .execution_options(synchronize_session=False)
    )
