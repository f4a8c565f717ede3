"""Prometheus metrics, right with several workers: each writes its numbers to a file, and a scrape adds them up.

:func:`share_between_processes` switches that on, in the process that starts the others.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)

from app.kit.background import end

if TYPE_CHECKING:
    from app.cache.cache import Cache
    from app.database.engine import Database

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger(__name__)

CONTENT_TYPE = CONTENT_TYPE_LATEST
SAMPLE_SECONDS = 5.0
_SHARED = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's name for it


def share_between_processes() -> Path:
    """Have this process and those it starts write to one folder, which is returned, from the next metric made on."""
    directory = os.environ.setdefault(_SHARED, "") or tempfile.mkdtemp(prefix="metrics-")
    os.environ[_SHARED] = directory
    cast(Any, values).ValueClass = cast(Any, values).get_value_class()  # chosen at its import, which may be long ago
    return Path(directory)


class Metrics:
    """The metrics of one application. A registry of its own: two applications in one process do not collide."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "http_request_duration_seconds",
            "Time from the first byte of a request to the last of its answer.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._observers: dict[tuple[str, str, int], Callable[[float], None]] = {}
        self.redis_up = Gauge(
            "redis_up",
            "1 if this service's Redis answers, 0 if it is configured and does not.",
            registry=self.registry,
            multiprocess_mode="livemin",
        )
        self.redis_failures = Counter(
            "redis_failures_total",
            "Times Redis did not answer and the service went on without it.",
            registry=self.registry,
        )
        self.forwarded_by_strangers = Counter(
            "forwarded_by_strangers_total",
            "Requests with X-Forwarded-For from a peer that TRUSTED_PROXIES does not name.",
            registry=self.registry,
        )
        self._login_failures = Counter(
            "login_failures_total", "Sign-ins that were refused, by reason.", ("reason",), registry=self.registry
        )
        self._uploads = Counter(
            "uploads_total",
            "Images that were sent, by what they are for and what became of them.",
            ("kind", "outcome"),
            registry=self.registry,
        )
        self._sampled = _Sampled(self.registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request served. ``route`` is a template (``/users/{user_id}``), never a path."""
        key = (method, route, status)
        observe = self._observers.get(key)
        if observe is None:
            label = method if method in _METHODS else "other"
            observe = self._requests.labels(label, route, status).observe
            self._observers[key] = observe
        observe(seconds)

    def login_failed(self, reason: str) -> None:
        """A refused sign-in, counted and logged. ``reason`` is a fixed word, never what was sent."""
        log.info("sign-in refused", reason=reason)
        self._login_failures.labels(reason).inc()

    def upload(self, kind: str, outcome: str) -> None:
        """An image that was sent: ``kept``, or ``refused`` for what it is. ``kind`` is a fixed word."""
        self._uploads.labels(kind, outcome).inc()

    @asynccontextmanager
    async def sampling(self, database: "Database", cache: "Cache") -> AsyncGenerator[None]:
        """Meanwhile :meth:`sample` now and then, so that a scrape of another worker finds this one's numbers."""
        task = asyncio.create_task(self._sample_forever(database, cache), name="metrics-sampling")
        yield
        await end(task)

    async def _sample_forever(self, database: "Database", cache: "Cache") -> None:
        while True:
            self.sample(database, cache)
            await asyncio.sleep(SAMPLE_SECONDS)

    def sample(self, database: "Database", cache: "Cache") -> None:
        """Take over what is counted as plain numbers where a call of ours would cost more than what it counts."""
        for pool, use in database.pools().items():
            self._sampled.size.labels(pool).set(use.limit)
            self._sampled.in_use.labels(pool).set(use.in_use)
            self._sampled.raise_to(self._sampled.waits.labels(pool), use.waits)
            self._sampled.raise_to(self._sampled.wait_seconds.labels(pool), use.wait_seconds)
        for region in cache.regions:
            made = region.fills - region.shared_hits
            for result, count in (("hit", region.hits), ("shared", region.shared_hits), ("miss", made)):
                self._sampled.raise_to(self._sampled.cache_requests.labels(region.name, result), count)

    def render(self) -> bytes:
        """The text Prometheus scrapes: this process's numbers, or all workers' in multi-process mode."""
        directory = os.environ.get(_SHARED)
        if directory is None:
            return generate_latest(self.registry)
        forget_dead_processes(Path(directory))
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        return generate_latest(registry)


class _Sampled:
    """What :meth:`Metrics.sample` fills in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, about: str) -> Gauge:
            return Gauge(name, about, ("pool",), registry=registry, multiprocess_mode="livesum")

        self.size = gauge("database_pool_size", "Connections the pool may open, at most.")
        self.in_use = gauge("database_pool_in_use", "Connections at work.")
        self.waits = Counter("database_pool_waits_total", "Times no connection was free.", ("pool",), registry=registry)
        self.wait_seconds = Counter(
            "database_pool_wait_seconds_total", "Time spent waiting for one.", ("pool",), registry=registry
        )
        self.cache_requests = Counter(
            "cache_requests_total",
            "Answers from the cache of this process (hit), from another's through Redis (shared), or made anew (miss).",
            ("region", "result"),
            registry=registry,
        )
        self._taken: dict[Counter, float] = {}

    def raise_to(self, counter: Counter, total: float) -> None:
        taken = self._taken.get(counter, 0.0)
        if total > taken:
            counter.inc(total - taken)
            self._taken[counter] = total


def forget_dead_processes(directory: Path) -> None:
    """Remove the gauges of workers that were killed: nothing else does, and they would be counted for ever."""
    for path in directory.glob("gauge_live*_*.db"):
        pid = int(path.stem.rpartition("_")[2])
        if not _alive(pid):
            cast(Any, multiprocess).mark_process_dead(pid, str(directory))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
