"""Prometheus metrics, right with several workers: each writes its numbers to a file, whoever is scraped adds them up.

``PROMETHEUS_MULTIPROC_DIR`` switches that on; ``app serve`` sets it before it starts more than one worker.
"""

import os
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import Scope

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

CONTENT_TYPE = CONTENT_TYPE_LATEST


def route_template(scope: Scope) -> str:
    """The path template that matched, as the router left it in the scope; ids must not become metric labels."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "unmatched"


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

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request served. ``route`` is a template (``/posts/{post_id}``), never a path."""
        key = (method, route, status)
        observe = self._observers.get(key)
        if observe is None:
            label = method if method in _METHODS else "other"
            observe = self._requests.labels(label, route, status).observe
            self._observers[key] = observe
        observe(seconds)

    def render(self) -> bytes:
        """The text Prometheus scrapes: this process's numbers, or all workers' in multi-process mode."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        return generate_latest(registry)
