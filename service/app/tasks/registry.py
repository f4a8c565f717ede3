"""Which jobs there are: each a plain function, with how often and how long it may try."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from app.config import Settings
from app.mail.mailer import Mailer


class Permanent(Exception):
    """Trying again would not help: the job is given up at once and kept as dead."""


class Run(Protocol):
    """One attempt at one job, as its function sees it."""

    @property
    def job_id(self) -> str: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def mailer(self) -> Mailer: ...
    def reading(self) -> AbstractContextManager[Session]:
        """A session to read with; closed before anything slow is done."""
        ...

    def finishing(self) -> AbstractContextManager[Session]:
        """A transaction that marks the job done in the same commit: its effect happens once or not at all."""
        ...

    def then(self, session: Session, name: str, **payload: object) -> None:
        """Write a job that follows from this one, in `session`: the same request caused both."""
        ...


JobFunction = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Job:
    """``every`` makes it periodic; ``timeout`` is how long one attempt may take before another may start."""

    name: str
    function: JobFunction
    max_attempts: int
    timeout: timedelta
    every: timedelta | None


@dataclass(slots=True)
class Registry:
    jobs: dict[str, Job] = field(default_factory=dict[str, Job])

    def job(
        self,
        name: str,
        *,
        max_attempts: int = 14,
        timeout: timedelta = timedelta(seconds=60),
        every: timedelta | None = None,
    ) -> Callable[[JobFunction], JobFunction]:
        """Register a function as the job `name`; it is called with a `Run` and the payload's members as keywords.

        The default of 14 attempts spans about ten hours: a mail server that greylists or is down overnight is outlived.
        """

        def register(function: JobFunction) -> JobFunction:
            assert name not in self.jobs, f"two jobs are called {name}"
            self.jobs[name] = Job(name, function, max_attempts, timeout, every)
            return function

        return register

    def periodic(self) -> list[Job]:
        return [job for job in self.jobs.values() if job.every is not None]


registry = Registry()
job = registry.job


def backoff(attempts: int) -> timedelta:
    """How long to wait after this many failed attempts: 5 s, doubling to an hour, with jitter against stampedes."""
    seconds = min(3600.0, 5.0 * 2 ** max(attempts - 1, 0))
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311  # spreads load, guards nothing
