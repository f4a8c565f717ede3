"""Periodic jobs: what has expired is removed, a bounded number of rows at a time, so that no lock lasts."""

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, delete, select

from app.auth import mail_pace
from app.kit.clock import utcnow
from app.models import ApiToken, IdempotencyRecord, OneTimeToken, OutboxJob, PostEvent
from app.models import Session as LoginSession
from app.models.outbox import JobStatus
from app.posts.events import log as event_log
from app.posts.tags import fold_tallies
from app.tasks.registry import Run, job

BATCH = 1000
KEEP_DONE_JOBS = timedelta(days=7)
KEEP_ENDED_SESSIONS = timedelta(days=30)


@job("upkeep.purge_expired", every=timedelta(minutes=10), timeout=timedelta(minutes=5), max_attempts=3)
def purge_expired(run: Run) -> None:
    """Remove expired sessions, tokens of either kind and idempotency records, and jobs that were done a week ago."""
    now = utcnow()
    _purge(run, OneTimeToken, OneTimeToken.expires_at < now - mail_pace.REMEMBERED)
    _purge(run, IdempotencyRecord, IdempotencyRecord.expires_at < now)
    _purge(run, LoginSession, LoginSession.expires_at < now - KEEP_ENDED_SESSIONS)
    _purge(run, ApiToken, ApiToken.expires_at < now - KEEP_ENDED_SESSIONS)
    _purge(run, PostEvent, event_log.expired(now))
    done = (OutboxJob.status == JobStatus.DONE) & (OutboxJob.finished_at < now - KEEP_DONE_JOBS)
    _purge(run, OutboxJob, done)


@job("upkeep.fold_tag_tallies", every=timedelta(minutes=10), max_attempts=3)
def fold_tag_tallies(run: Run) -> None:
    """Keep the tallies of tags short: one for each."""
    with run.reading() as session:
        fold_tallies(session)


def _purge(run: Run, table: type[Any], which: ColumnElement[bool]) -> None:
    key = next(iter(table.__mapper__.primary_key))
    while True:
        with run.reading() as session:
            some = select(key).where(which).limit(BATCH)
            removed = cast(Any, session.execute(delete(table).where(key.in_(some)))).rowcount
        if removed < BATCH:
            return
