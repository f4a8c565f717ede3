"""A deployment of its own to break: real servers, the service, its workers, a mailbox; and work whose fate is known."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import httpx2
import psycopg

from app.database.migrations import upgrade
from bench.chaos.breaking import kill_family
from tests.backends import Backend
from tests.conftest import SECRET_KEY, settings_for
from tests.factories import PASSWORD, hashed
from tests.live import LiveService
from tests.servers import Postgres, Redis, Server
from tests.tasks.smtp import MailServer

GIVES_UP_AFTER = 150.0
_MIGRATING = threading.Lock()  # Alembic's context is one for the process


class Broker(Protocol):
    """What the workers are told what to do through."""

    def url(self) -> str: ...
    def start(self) -> None: ...
    def kill(self) -> None: ...
    def stop(self) -> None: ...


class Worker(Server):
    """`app worker` with one process for jobs."""

    def __init__(self, service: LiveService, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.environment = service.environment

    def command(self) -> list[str]:
        return [sys.executable, "-m", "app", "worker", "--concurrency", "1", "--name", self.name]

    def is_ready(self) -> bool:
        return " ready." in self.log()

    def kill(self) -> None:
        """It and the process that runs its jobs, at once: nobody finishes anything."""
        kill_family(self)


@dataclass
class Rig:
    """Everything started, on a database of its own. `broker` is a Redis apart from the one that caches."""

    postgres: Postgres
    redis: Redis
    broker: Broker
    mail: MailServer
    service: LiveService
    workers: list[Worker] = field(default_factory=list[Worker])

    def sql(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.postgres.url(), autocommit=True) as connection:
            return connection.execute(query, parameters).fetchall()

    def client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.service.url, timeout=20, limits=httpx2.Limits(max_keepalive_connections=0))

    def people(self, count: int) -> list[str]:
        """The addresses of that many new, verified users, who share one password."""
        names = [f"p{token_hex(5)}" for _ in range(count)]
        columns = "email, username, hashed_password, first_name, last_name, role, is_active, is_verified, version"
        with psycopg.connect(self.postgres.url(), autocommit=True) as connection:
            connection.cursor().executemany(
                f"INSERT INTO users ({columns}, created_at, updated_at)"  # names of ours
                " VALUES (%s, %s, %s, 'Ada', 'Lee', 'user', true, true, 1, now(), now())",
                [(f"{name}@example.org", name, hashed(PASSWORD)) for name in names],
            )
        return [f"{name}@example.org" for name in names]

    def unfinished(self) -> int:
        return self.sql("SELECT count(*) FROM outbox WHERE status <> 'done' AND name LIKE %s", "%reset%")[0][0]


@contextmanager
def rig(*, broker: Broker, workers: int = 1, **environment: object) -> Iterator[Rig]:
    with TemporaryDirectory(prefix="chaos-") as directory:
        postgres, redis, mail = Postgres(durable=True), Redis(), MailServer()
        started: list[Any] = []
        try:
            for server in (postgres, redis, broker, mail):
                server.start()
                started.append(server)
            backend = Backend(name="postgres+redis", database_url=postgres.url(), redis_url=redis.url())
            with _MIGRATING:
                upgrade(settings_for(backend, data_dir=Path(directory)))
            options = {
                "run_jobs": True,
                "celery_broker_url": broker.url(),
                "smtp_host": "127.0.0.1",
                "smtp_port": mail.port,
                "smtp_tls": "none",
                "smtp_timeout": 2,
                **environment,
            }
            service = LiveService(
                backend, data_dir=Path(directory), workers=2, secret_key=SECRET_KEY, environment=options
            )
            made = Rig(postgres, redis, broker, mail, service)
            for server in (service, *(Worker(service, f"worker{number}") for number in range(workers))):
                server.start()
                started.append(server)
                if isinstance(server, Worker):
                    made.workers.append(server)
            yield made
        finally:
            for server in reversed(started):
                if isinstance(server, Server):
                    kill_family(server)
                server.stop()
