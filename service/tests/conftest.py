"""Fixtures: a backend, an application on it, a client of that application, and the real process when it matters.

Every test starts from an empty, migrated database. The servers behind it are started on first use, once per test
process, and stopped with it; `servers.py` says where they come from.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import fastapi.routing
import httpx2
import psycopg
import pytest
import redis as redis_client
from fastapi import FastAPI
from psycopg import sql
from sqlalchemy.engine import make_url

from app.config import Settings, environment_names
from app.database.migrations import upgrade
from app.main import create_app
from app.security.passwords import PasswordHasher
from tests.backends import BACKENDS, Backend
from tests.factories import CHEAP, Accounts
from tests.live import LiveService
from tests.servers import Postgres, Redis
from tests.streams import LeavesStreams
from tests.tasks.smtp import MailServer

SECRET_KEY = "a-key-for-tests-only-0123456789abcdef-0123456789abcdef"

LONG = {"compat", "deploy", "fuzz", "browser", "faults", "contract"}
"""Folders whose tests start whole deployments, or other programs."""

Branch: Any = getattr(fastapi.routing, "_IncludedRouter", ())  # before FastAPI 0.137 there is none
_branches: dict[tuple[int, str], Any] = {}

for name in environment_names():  # a developer's shell must not change what is tested
    os.environ.pop(name, None)


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """A superuser's URL of the PostgreSQL this process uses."""
    yield from configured_or_started("TEST_DATABASE_URL", Postgres)


@pytest.fixture(scope="session")
def redis_address() -> Iterator[str]:
    yield from configured_or_started("TEST_REDIS_URL", Redis)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "service.db"
    upgrade(settings_for(Backend(name="sqlite", database_url=f"sqlite:///{path}"), data_dir=path.parent))
    return path


@pytest.fixture(scope="session")
def postgres_database(postgres_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a migrated database of this test process alone, emptied before each test that uses it."""
    with migrated_database(postgres_address, tmp_path_factory.mktemp("migrated")) as url:
        yield url


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """An empty backend: `sqlite`, `postgres` and `postgres+redis` in turn, unless marked (see `backends.py`)."""
    if request.param == "sqlite":
        path = tmp_path / "service.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return Backend(name="sqlite", database_url=f"sqlite:///{path}")
    database_url = request.getfixturevalue("postgres_database")
    empty_postgres(database_url)
    if request.param == "postgres":
        return Backend(name="postgres", database_url=database_url)
    redis_url = request.getfixturevalue("redis_address")
    with redis_client.Redis.from_url(redis_url) as connection:
        connection.flushdb()
    return Backend(name="postgres+redis", database_url=database_url, redis_url=redis_url)


@pytest.fixture
def settings(backend: Backend, tmp_path: Path) -> Settings:
    return settings_for(backend, data_dir=tmp_path)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application with its lifespan run, on an empty backend."""
    application = made_cheap(create_app(settings))
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """An anonymous client of `app`; an exception no handler caught reaches the test as it is."""
    async with client_of(app) as made:
        yield made


@pytest.fixture
def accounts(app: FastAPI, client: httpx2.AsyncClient) -> Accounts:
    """Users and their posts: `await accounts.user()`, `await accounts.post(author)`."""
    return Accounts(app.state.resources.database, client)


@pytest.fixture
def live_service(backend: Backend, tmp_path: Path) -> Iterator[Callable[..., LiveService]]:
    """Start the real process: `live_service(workers=2, log_level="DEBUG")`; all of them end with the test."""
    started: list[LiveService] = []

    def start(*, workers: int = 1, **environment: object) -> LiveService:
        service = LiveService(
            backend, data_dir=tmp_path, workers=workers, secret_key=SECRET_KEY, environment=environment
        )
        started.append(service)
        service.start()
        return service

    yield start
    for service in started:
        service.stop()


def configured_or_started(variable: str, server_of: type[Postgres] | type[Redis]) -> Iterator[str]:
    """The address in the environment, else that of a server which ends with the tests."""
    if configured := os.environ.get(variable):
        yield configured
        return
    server = server_of()
    server.start()
    yield server.url()
    server.stop()


def settings_for(backend: Backend, *, data_dir: Path, **overrides: Any) -> Settings:
    """Settings for a test: no rate limit unless asked for, patience with a busy machine, no `.env` read."""
    chosen: dict[str, Any] = {
        "environment": "test",
        "secret_key": SECRET_KEY,
        "database_url": backend.database_url,
        "redis_url": backend.redis_url,
        "data_dir": data_dir,
        "rate_limit_requests": 0,
        "database_pool_timeout": 60.0,  # a busy machine makes others wait longer than they would elsewhere
        **overrides,
    }
    return Settings(_env_file=None, **chosen)  # pyright: ignore[reportCallIssue]  # pydantic-settings' own keyword


@contextmanager
def migrated_database(address: str, directory: Path) -> Iterator[str]:
    """The URL of a new database on the PostgreSQL at `address`, migrated, dropped with the block."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = make_url(address).set(database=name).render_as_string(hide_password=False)
    upgrade(settings_for(Backend(name="postgres", database_url=url), data_dir=directory))
    yield url
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def made_cheap(app: FastAPI) -> FastAPI:
    """`app`, not yet started, without what takes most of the time of a test that is about something else.

    Its hasher takes no time, and its routes are those of an application before it: FastAPI works out what each takes
    and returns for every application anew.
    """
    resources = app.state.resources
    resources.hasher.close()
    resources.hasher = PasswordHasher(**CHEAP)
    for branch in app.routes:
        if isinstance(branch, Branch):
            known = _branches.setdefault((id(branch.original_router), branch.include_context.prefix), branch)
            vars(branch).update({name: vars(known)[name] for name in vars(known) if name.startswith("_effective")})
    return app


def client_of(app: FastAPI, **options: Any) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(LeavesStreams(app), raise_app_exceptions=options.pop("raise_app_exceptions", True))
    return httpx2.AsyncClient(transport=transport, base_url="http://localhost", **options)


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an application of its own with these settings."""
    application = made_cheap(create_app(settings))
    async with application.router.lifespan_context(application), client_of(application) as made:
        yield made


def empty_postgres(url: str) -> None:
    """Remove every row and start every sequence again; a session that still holds a lock is an error, not a wait."""
    with psycopg.connect(url, autocommit=True, options="-c lock_timeout=5000") as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        names = sql.SQL(", ").join(sql.Identifier(name) for (name,) in tables)
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """More than there are cores: tests of real servers spend much of their time waiting for them."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None  # pytest-xdist reads it
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that no worker is left with one of them at the end."""
    items.sort(key=lambda item: not LONG & set(item.path.parts))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Skips are shown with their reasons and counted in the closing line."""
    for report in terminalreporter.stats.get("skipped", []):
        _, _, reason = report.longrepr
        terminalreporter.write_line(f"SKIPPED {report.nodeid}: {reason}", yellow=True)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Callable[[dict[str, str], str], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(environment: dict[str, str], name: str) -> subprocess.Popen[bytes]:
        log = (tmp_path / f"{name}.log").open("wb")
        command = [sys.executable, "-m", "app", "worker", "--concurrency", "1", "--name", name]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
