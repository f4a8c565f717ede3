"""Runs one attempt at one job, the same in a Celery worker and in the service's own process."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from app.config import Settings
from app.http.context import trace_id
from app.kit.clock import utcnow
from app.mail.mailer import Mailer
from app.models import OutboxJob
from app.tasks.registry import Job, Permanent, Registry, backoff
from app.tasks.store import Claim, JobStore

log = structlog.get_logger("jobs")

Observe = Callable[[str, str, float], None]
"""Called with (job name, "done" | "retry" | "dead", seconds)."""


class Overtaken(Exception):
    """The attempt outlived its time and another one has the job: its transaction must not be committed."""


@dataclass(slots=True)
class _Run:
    claim: Claim
    settings: Settings
    mailer: Mailer
    store: JobStore
    finished: bool = False

    @property
    def job_id(self) -> str:
        return str(self.claim.id)

    @contextmanager
    def reading(self) -> Generator[Session]:
        with self.store.session() as session:
            yield session

    @contextmanager
    def finishing(self) -> Generator[Session]:
        with self.store.session() as session:
            yield session
            if not self.store.finish(session, self.claim):
                raise Overtaken
        self.finished = True

    def then(self, session: Session, name: str, **payload: object) -> None:
        caused = {"request_id": self.claim.request_id, "traceparent": self.claim.traceparent}
        session.add(OutboxJob(name=name, payload=payload, **caused))


class Runner:
    def __init__(
        self, settings: Settings, store: JobStore, mailer: Mailer, *, registry: Registry, observe: Observe | None = None
    ) -> None:
        self._settings = settings
        self._store = store
        self._mailer = mailer
        self._jobs = registry.jobs
        self._observe: Observe = observe or (lambda name, outcome, seconds: None)

    def run(self, id_: UUID) -> bool:
        """One attempt at this job; False when there was nothing to do. Raises nothing a job raises."""
        claim = self._store.claim(id_, self._timeout)
        if claim is None:
            return False
        bound = {"job": claim.name, "job_id": str(claim.id), "attempt": claim.attempts}
        if claim.request_id:
            bound["request_id"] = claim.request_id
        if claim.traceparent:
            bound["trace_id"] = trace_id(claim.traceparent)
        with structlog.contextvars.bound_contextvars(**bound), self._span(claim) as ended:
            started = perf_counter()
            outcome = self._attempt(claim)
            ended(outcome)
            self._observe(claim.name, outcome, perf_counter() - started)
        return True

    def _span(self, claim: Claim) -> AbstractContextManager[Callable[[str], None]]:
        if not self._settings.traces:
            return nullcontext(_nothing)
        from app.observability.telemetry import job_span  # imports OpenTelemetry

        return job_span(claim.name, job_id=str(claim.id), attempt=claim.attempts, traceparent=claim.traceparent)

    def _timeout(self, name: str) -> timedelta:
        job = self._jobs.get(name)
        return job.timeout if job else timedelta(seconds=60)

    def _attempt(self, claim: Claim) -> str:
        job = self._jobs.get(claim.name)
        if job is None:  # written by a newer version of the service; an older worker must not lose it
            return self._failed(claim, None, LookupError(f"this worker knows no job {claim.name!r}"))
        run = _Run(claim, self._settings, self._mailer, self._store)
        try:
            job.function(run, **claim.payload)
            if not run.finished:
                with run.finishing():
                    pass
        except Overtaken:
            log.warning("job overtaken", seconds=(utcnow() - claim.locked_until + job.timeout).total_seconds())
            return "retry"
        except Exception as error:
            return self._failed(claim, job, error)
        log.info("job done")
        return "done"

    def _failed(self, claim: Claim, job: Job | None, error: Exception) -> str:
        text = f"{type(error).__name__}: {error}"
        over = isinstance(error, Permanent) or (job is not None and claim.attempts >= job.max_attempts)
        retry_in = None if over else backoff(claim.attempts)
        self._store.fail(claim, text, retry_in=retry_in)
        if retry_in is None:
            log.error("job dead", error=text, exc_info=error)
            return "dead"
        log.warning("job failed", error=text, retry_in_seconds=round(retry_in.total_seconds(), 1))
        return "retry"


def _nothing(_outcome: str) -> None: ...
