"""What is measured of background jobs: how they end, how many wait, and for how long."""

from prometheus_client import CollectorRegistry, Gauge, Histogram

from app.tasks.store import Backlog

_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class JobMetrics:
    """`outcome` is done, retry or dead; the outbox's gauges are the same whichever process writes them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._durations = Histogram(
            "job_duration_seconds",
            "Time of one attempt at a background job.",
            ("job", "outcome"),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._waiting = _gauge(registry, "outbox_waiting_jobs", "Jobs that are due and not done.")
        self._oldest = _gauge(registry, "outbox_oldest_job_age_seconds", "How long the oldest due job has waited.")
        self._dead = _gauge(registry, "outbox_dead_jobs", "Jobs that were given up and are kept.")

    def ended(self, job: str, outcome: str, seconds: float) -> None:
        self._durations.labels(job, outcome).observe(seconds)

    def backlog(self, backlog: Backlog) -> None:
        self._waiting.set(backlog.waiting)
        self._oldest.set(backlog.oldest_seconds)
        self._dead.set(backlog.dead)


def _gauge(registry: CollectorRegistry, name: str, about: str) -> Gauge:
    return Gauge(name, about, registry=registry, multiprocess_mode="mostrecent")
