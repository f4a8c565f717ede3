"""A deployment of its own to break: real servers, the service, its workers, a mailbox; and work whose fate is known."""

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import httpx
import psutil
import psycopg

from app.core.migrations import upgrade
from tests.backends import Backend
from tests.conftest import SECRET_KEY, settings_for
from tests.factories import PASSWORD, hashed
from tests.jobs.smtp import MailServer
from tests.live import LiveService
from tests.servers import Postgres, Redis, Server

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

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.service.url, timeout=20, limits=httpx.Limits(max_keepalive_connections=0))

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


# -- work


class Writers:
    """Write posts without end. Each is sent with an Idempotency-Key until the service says that it has it."""

    def __init__(self, rig: Rig, *, count: int = 4) -> None:
        self._rig = rig
        self._stopping = False
        self.acknowledged: list[str] = []
        self.failures: list[float] = []
        self.slowest = 0.0
        (email,) = rig.people(1)
        with rig.client() as client:
            answer = client.post("/api/v1/auth/login", data={"username": email, "password": PASSWORD})
            self._headers = {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}
        self._threads = [threading.Thread(target=self._write, daemon=True) for _ in range(count)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End once every post that was begun is acknowledged."""
        self._stopping = True
        for thread in self._threads:
            thread.join(GIVES_UP_AFTER)

    def _write(self) -> None:
        with self._rig.client() as client:
            while not self._stopping:
                title = f"chaos {token_hex(8)}"
                self._until_acknowledged(client, title)
                self.acknowledged.append(title)
                time.sleep(0.01)

    def _until_acknowledged(self, client: httpx.Client, title: str) -> None:
        body = {"title": title, "content": "Written while things break.", "status": "published"}
        headers = {**self._headers, "Idempotency-Key": token_hex(16)}
        while True:
            began = time.monotonic()
            try:
                status = client.post("/api/v1/posts", json=body, headers=headers).status_code
            except httpx.HTTPError:
                status = 0
            self.slowest = max(self.slowest, time.monotonic() - began)
            if status == 201:
                return
            self.failures.append(time.monotonic())
            time.sleep(0.05)

    def lost_and_doubled(self) -> tuple[int, int]:
        rows = Counter(title for (title,) in self._rig.sql("SELECT title FROM posts WHERE title LIKE %s", "chaos %"))
        return sum(not rows[title] for title in self.acknowledged), sum(rows[title] > 1 for title in self.acknowledged)


class Mails:
    """Ask for reset links; each address must get one mail. Two jobs each: find the user, then send."""

    def __init__(self, rig: Rig, count: int) -> None:
        self._rig = rig
        self.wanted = rig.people(count)

    def ask(self, *, pause: float = 0.0) -> None:
        with self._rig.client() as client:
            for email in self.wanted:
                client.post("/api/v1/auth/password/forgot", json={"email": email}).raise_for_status()
                time.sleep(pause)

    def arrived(self) -> Counter[str]:
        mine = set(self.wanted)
        return Counter(str(message["To"]) for message in list(self._rig.mail.messages) if str(message["To"]) in mine)

    def wait(self) -> None:
        """Until every mail is there and every job is done, or nothing has come for a long time."""
        left = -1
        while left and until(lambda former=left: self._left() != former, within=GIVES_UP_AFTER):
            left = self._left()

    def _left(self) -> int:
        return len(self.wanted) - len(self.arrived()) + self._rig.unfinished()

    def lost_and_doubled(self) -> tuple[int, int]:
        """Doubled are mails with Message-IDs of their own; one that left twice under one id is one mail."""
        identities: dict[str, set[str]] = {}
        for message in list(self._rig.mail.messages):
            identities.setdefault(str(message["To"]), set()).add(str(message["Message-ID"]))
        mine = [identities.get(email, set[str]()) for email in self.wanted]
        return sum(not found for found in mine), sum(len(found) > 1 for found in mine)

    def copies(self) -> int:
        """How often a mail left again under the id it had."""
        return sum(self.arrived().values()) - len(self.arrived())


# -- faults


def kill_family(server: Server) -> None:
    """kill -9, it and its children."""
    if server.process is None:
        return
    try:
        family = [psutil.Process(server.process.pid), *psutil.Process(server.process.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    for member in family:
        with_signal(member.pid, signal.SIGKILL)
    server.process.wait()
    server.process = None


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """The server neither answers nor hangs up: every process of it is stopped."""
    assert server.process is not None
    main = psutil.Process(server.process.pid)
    family = [main, *main.children(recursive=True)]
    for member in family:
        with_signal(member.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for member in family:
            with_signal(member.pid, signal.SIGCONT)


def with_signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def until(condition: Callable[[], object], *, within: float) -> bool:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
