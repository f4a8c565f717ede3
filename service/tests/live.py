"""The service as it is deployed: `app serve` in its own process, with its workers, on a port of this machine."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2

from tests.backends import Backend
from tests.servers import Server, status_of


class LiveService(Server):
    """`app serve` on a backend. `environment` holds further settings by their lower-case names."""

    def __init__(
        self, backend: Backend, *, data_dir: Path, workers: int, secret_key: str, environment: Mapping[str, object]
    ) -> None:
        super().__init__("service")
        settings: dict[str, object] = {
            "environment": "test",
            "host": "127.0.0.1",
            "port": self.port,
            "workers": workers,
            "secret_key": secret_key,
            "database_url": backend.database_url,
            "redis_url": backend.redis_url,
            "data_dir": data_dir,
            "rate_limit_requests": 0,
            **environment,
        }
        self.backend = backend
        self.environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
        self.environment |= {name.upper(): str(value) for name, value in settings.items() if value is not None}

    def command(self) -> list[str]:
        return [sys.executable, "-m", "app", "serve"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        return self._answers("/health/ready")

    def is_alive(self) -> bool:
        return self._answers("/health/live")

    def _answers(self, path: str) -> bool:
        return status_of(f"{self.url}{path}") == 200

    def client(self, **options: Any) -> httpx2.AsyncClient:
        """A client whose every request opens its own connection, so that the workers share them out."""
        limits = httpx2.Limits(max_keepalive_connections=0)
        return httpx2.AsyncClient(base_url=self.url, limits=limits, timeout=30, **{"verify": False, **options})


PATIENCE = 120.0
"""Seconds that anything is waited for."""


def wait_until(condition: Callable[[], object], *, within: float = PATIENCE) -> None:
    """Return once `condition` holds; fail when it does not in time."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
