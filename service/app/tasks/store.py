"""The outbox table as its workers use it: which jobs are due, which worker has one, how it ended.

Synchronous, since Celery is; a connection of its own, so jobs never wait for requests. Every change of state is one
UPDATE whose WHERE names the state it expects: of two workers that want a job, one gets it.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, Engine, and_, create_engine, event, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.config import Settings
from app.database.migrations import sync_url
from app.kit.clock import utcnow
from app.kit.keys import make_private_file
from app.models import OutboxJob
from app.models.outbox import JobStatus
from app.observability import setup as observability
from app.records import outbox

_PERIODIC = UUID("6f1c1f0e-5a43-4f0e-9f0b-0c9f1d2b7a11")
SENT_FOR = timedelta(minutes=2)
"""How long the broker may keep a job before it is thought lost and sent again (running it twice is refused)."""
MOST_SENT = 500
"""Jobs the broker holds at most. The others wait here, where nothing forgets them and none is taken for lost."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this process has until `locked_until`; the time is also the proof that it still has it."""

    id: UUID
    name: str
    payload: dict[str, Any]
    attempts: int
    locked_until: datetime
    request_id: str | None
    traceparent: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """`waiting` jobs are due and not done; `oldest_seconds` is the age of the oldest of them; `dead` ones are kept."""

    waiting: int
    oldest_seconds: float
    dead: int


class JobStore:
    def __init__(self, settings: Settings) -> None:
        self.engine = _engine(settings)
        observability.trace_engine(settings, self.engine)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def session(self) -> Generator[Session]:
        """One transaction: committed at the end, rolled back on any error."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def due(self, limit: int) -> list[UUID]:
        """Ids of jobs to run now, oldest first: due ones, and those whose worker or message was lost."""
        with self.session() as session:
            return list(session.scalars(select(OutboxJob.id).where(_due()).order_by(OutboxJob.run_at).limit(limit)))

    def hand_over(self, limit: int, publish: Callable[[UUID], None]) -> int:
        """Publish due jobs and mark them sent, in one transaction; returns how many.

        Published first: dying in between publishes a job twice, which `claim` makes harmless; the other order loses it.
        """
        with self.session() as session:
            sent = and_(OutboxJob.status == JobStatus.SENT, OutboxJob.locked_until > utcnow())
            room = MOST_SENT - (session.scalar(select(func.count()).where(sent)) or 0)
            due = select(OutboxJob.id).where(_due()).order_by(OutboxJob.run_at).limit(max(0, min(limit, room)))
            ids = list(session.scalars(due.with_for_update(skip_locked=True)))
            for id_ in ids:
                publish(id_)
            if ids:
                values = {"status": JobStatus.SENT, "locked_until": utcnow() + SENT_FOR}
                session.execute(update(OutboxJob).where(OutboxJob.id.in_(ids)).values(**values))
            return len(ids)

    def claim(self, id_: UUID, timeout: Callable[[str], timedelta]) -> Claim | None:
        """Take a job for one attempt; None when it is done, dead, not due yet or another worker has it.

        Waits for the row: a worker may get the message before the relay that sent it has committed.
        """
        now = utcnow()
        with self.session() as session:
            row = session.execute(select(OutboxJob).where(OutboxJob.id == id_).with_for_update()).scalar_one_or_none()
            if row is None or not _may_run(row, now):
                return None
            until = now + timeout(row.name)
            row.status, row.attempts, row.locked_until = JobStatus.RUNNING, row.attempts + 1, until
            return Claim(
                row.id, row.name, row.payload, row.attempts, until, row.request_id, row.traceparent, row.created_at
            )

    def finish(self, session: Session, claim: Claim) -> bool:
        """Mark a claimed job done within `session`; False when it was taken from this process meanwhile."""
        values = {"status": JobStatus.DONE, "finished_at": utcnow(), "locked_until": None, "last_error": None}
        return self._settle(session, claim, values)

    def fail(self, claim: Claim, error: str, *, retry_in: timedelta | None) -> bool:
        """Put a failed job back for later, or, without `retry_in`, give it up and keep it."""
        now = utcnow()
        values: dict[str, Any] = {"last_error": error[:2000], "locked_until": None}
        if retry_in is None:
            values |= {"status": JobStatus.DEAD, "finished_at": now}
        else:
            values |= {"status": JobStatus.PENDING, "run_at": now + retry_in}
        with self.session() as session:
            return self._settle(session, claim, values)

    def schedule(self, name: str, every: timedelta) -> None:
        """Write the periodic job's row for the current slot, once however many processes do so."""
        slot = int(utcnow().timestamp() // every.total_seconds())
        row: dict[str, Any] = {"id": uuid5(_PERIODIC, f"{name}:{slot}"), "name": name, "payload": {}}
        with self.session() as session:
            dialect = session.get_bind().dialect.name
            insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
            session.execute(insert(OutboxJob).values(**row).on_conflict_do_nothing())

    def backlog(self) -> Backlog:
        now = utcnow()
        with self.session() as session:
            waiting, oldest = session.execute(
                select(func.count(), func.min(OutboxJob.run_at)).where(
                    OutboxJob.status.in_(_UNFINISHED), OutboxJob.run_at <= now
                )
            ).one()
            dead = session.scalar(select(func.count()).where(OutboxJob.status == JobStatus.DEAD)) or 0
        return Backlog(waiting, (now - oldest).total_seconds() if oldest else 0.0, dead)

    def listed(self, *, status: JobStatus | None, limit: int) -> Sequence[OutboxJob]:
        """Jobs, newest first."""
        query = select(OutboxJob).order_by(OutboxJob.created_at.desc()).limit(limit)
        if status is not None:
            query = query.where(OutboxJob.status == status)
        with self.session() as session:
            return session.scalars(query).all()

    def retry(self, id_: UUID | None) -> int:
        """Make one dead job, or every one, run again now with a fresh count of attempts; returns how many."""
        with self.session() as session:
            return _count(session.execute(outbox.retry(id_)))

    def drop(self, id_: UUID) -> bool:
        """Delete a job that is dead or waits; one that runs is left alone."""
        with self.session() as session:
            return _count(session.execute(outbox.drop(id_))) == 1

    def _settle(self, session: Session, claim: Claim, values: dict[str, Any]) -> bool:
        mine = and_(
            OutboxJob.id == claim.id,
            OutboxJob.status == JobStatus.RUNNING,
            OutboxJob.attempts == claim.attempts,
        )
        return _count(session.execute(update(OutboxJob).where(mine).values(**values))) == 1


_UNFINISHED = (JobStatus.PENDING, JobStatus.SENT, JobStatus.RUNNING)


def _due() -> ColumnElement[bool]:
    now = utcnow()
    lost = and_(OutboxJob.status.in_([JobStatus.SENT, JobStatus.RUNNING]), OutboxJob.locked_until < now)
    return or_(and_(OutboxJob.status == JobStatus.PENDING, OutboxJob.run_at <= now), lost)


def _may_run(job: OutboxJob, now: datetime) -> bool:
    if job.status == JobStatus.RUNNING:  # its worker may have died: only once its time is over
        return job.locked_until is not None and job.locked_until < now
    return job.status == JobStatus.SENT or (job.status == JobStatus.PENDING and job.run_at <= now)


def _count(result: Any) -> int:
    return cast(int, result.rowcount)


def _engine(settings: Settings) -> Engine:
    url = sync_url(settings.database)
    if not settings.is_sqlite:
        return create_engine(url, pool_size=2, max_overflow=4, pool_pre_ping=True, hide_parameters=True)
    make_private_file(Path(cast(str, url.database)))
    engine = create_engine(url, connect_args={"timeout": 10.0}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _entry: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions behind our back
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # IMMEDIATE queues for the write lock; a read that turns into a write would fail instead of waiting.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
