"""Takes jobs from the outbox: to the broker when one is configured, else to a few threads of this process.

Runs as one thread wherever there is work to hand out: in every process of the service, and beside every Celery worker.
Any number of relays may run at once. It also writes the periodic jobs, whose ids depend on the time alone, so that no
single scheduler has to be kept alive.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.tasks.registry import Registry
from app.tasks.runner import Runner
from app.tasks.store import Backlog, JobStore

log = structlog.get_logger("jobs")

POLL_SECONDS = 1.0
BATCH = 50
THREADS = 4
SCHEDULE_SECONDS = 15.0


class Relay:
    """`publish` sends a job's id to the broker and raises when it cannot; without it `runner` runs jobs in threads."""

    def __init__(
        self,
        store: JobStore,
        runner: Runner,
        *,
        registry: Registry,
        publish: Callable[[UUID], None] | None = None,
        measure: Callable[[Backlog], None] | None = None,
    ) -> None:
        self._store = store
        self._runner = runner
        self._publish = publish
        self._measure = measure
        self._periodic = registry.periodic()
        self._wake = threading.Event()
        self._stopping = False
        self._failures = 0
        self._scheduled_at = float("-inf")
        self._running: set[UUID] = set()
        self._thread = threading.Thread(target=self._loop, name="outbox-relay", daemon=True)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="job")

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Look at the outbox now rather than at the next poll; called after a commit that wrote a job."""
        self._wake.set()

    def stop(self, *, grace: float = 10.0) -> None:
        """Start nothing more and let running jobs end (each is bounded by its own timeouts), then close."""
        self._stopping = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(grace)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._store.close()

    def _loop(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                busy = self._step()
                self._failures = 0
            except Exception as error:  # the database or the broker is away; jobs are safe where they are
                busy = False
                self._failures += 1
                if self._failures == 1 or self._failures % 60 == 0:
                    what = "database" if isinstance(error, SQLAlchemyError) else "broker"
                    log.warning("outbox relay waits", for_=what, error=f"{type(error).__name__}: {error}"[:300])
            if not busy:
                self._wake.wait(min(POLL_SECONDS * max(1, self._failures), 5.0))

    def _step(self) -> bool:
        """Hand out one batch; True when it was full, so that more may be waiting."""
        if monotonic() - self._scheduled_at > SCHEDULE_SECONDS:
            for job in self._periodic:
                assert job.every is not None
                self._store.schedule(job.name, job.every)
            if self._measure is not None:
                self._measure(self._store.backlog())
            self._scheduled_at = monotonic()
        if self._publish is not None:
            return self._store.hand_over(BATCH, self._publish) == BATCH
        room = THREADS - len(self._running)
        ids = self._store.due(BATCH) if room > 0 else []
        for id_ in [id_ for id_ in ids if id_ not in self._running][:room]:
            self._running.add(id_)
            self._pool.submit(self._run, id_)
        return False  # a thread that gets free wakes the loop

    def _run(self, id_: UUID) -> None:
        try:
            self._runner.run(id_)
        except Exception as error:  # the database is away: the job's lock runs out and it is due again
            log.warning("job interrupted", job_id=str(id_), error=f"{type(error).__name__}: {error}"[:300])
        finally:
            self._running.discard(id_)
            self._wake.set()
