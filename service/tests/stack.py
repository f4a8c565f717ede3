"""The whole of a large deployment on this machine: nginx with TLS and HTTP/2 that gives the service a part of its host,
two workers, PostgreSQL through PgBouncer, Redis on a socket.
"""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.backends import Backend
from tests.live import LiveService
from tests.proxies import Nginx, PgBouncer
from tests.servers import Redis

PREFIX = "/blog"


class Stack:
    """What clients see is at ``url``; the service itself is ``service``, its database directly ``database_url``."""

    def __init__(self, nginx: Nginx, service: LiveService, database_url: str) -> None:
        self.nginx, self.service, self.database_url = nginx, service, database_url

    @property
    def url(self) -> str:
        return self.nginx.url

    @property
    def certificate(self) -> Path:
        return self.nginx.directory / "certificate.pem"

    def client(self, **options: Any) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=self.url, verify=ssl.create_default_context(cafile=self.certificate), timeout=30, **options
        )


@contextmanager
def whole_stack(database_url: str, *, folder: Path, secret_key: str, **environment: object) -> Iterator[Stack]:
    """Start everything on this empty, migrated PostgreSQL; ``environment`` holds further settings."""
    with ExitStack() as running:
        pooler, redis = PgBouncer(database_url), Redis()
        for server in (pooler, redis):
            running.callback(server.stop)
            server.start()
        backend = Backend(name="postgres+redis", database_url=pooler.url(), redis_url=f"unix://{redis.socket}")
        chosen = {"database_prepared_statements": False, "trusted_proxies": "127.0.0.1", **environment}
        service = LiveService(backend, data_dir=folder, workers=2, secret_key=secret_key, environment=chosen)
        nginx = Nginx(service=service.port, prefix=PREFIX, tls=True)
        service.environment |= {"PUBLIC_URL": nginx.url}
        for server in (service, nginx):
            running.callback(server.stop)
            server.start()
        yield Stack(nginx, service, database_url)
