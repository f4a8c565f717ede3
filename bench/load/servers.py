"""The servers of the load benchmarks: a durable PostgreSQL, the service, and any other ASGI application beside it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx2
import psycopg

from bench.load import seed
from bench.processes import Process, free_port, served

ROOT = Path(__file__).resolve().parents[2]
API = "/api/v1"


@contextmanager
def running_postgres() -> Iterator[str]:
    """A superuser's URL: of BENCH_DATABASE_URL, or of a durable server that ends with the block."""
    if configured := os.environ.get("BENCH_DATABASE_URL"):
        yield configured
        return
    from tests.servers import Postgres

    server = Postgres(durable=True, options={"shared_buffers": "256MB"})
    server.start()
    try:
        yield server.url()
    finally:
        server.stop()


@contextmanager
def running_redis() -> Iterator[str]:
    """A Redis URL: of BENCH_REDIS_URL, or of a server that ends with the block."""
    if configured := os.environ.get("BENCH_REDIS_URL"):
        yield configured
        return
    from tests.servers import Redis

    server = Redis()
    server.start()
    try:
        yield server.url()
    finally:
        server.stop()


def peer_python() -> str | None:
    """An interpreter with litestar, msgspec, asyncpg and granian: that of BENCH_PEER_PYTHON, or this one."""
    if configured := os.environ.get("BENCH_PEER_PYTHON"):
        return configured
    there = all(find_spec(name) is not None for name in ("litestar", "msgspec"))
    return sys.executable if there else None


def migrated_database(postgres: str, name: str, *, posts: int) -> str:
    """Make, migrate and fill a database; return its URL."""
    from app.config import Settings
    from app.database.migrations import upgrade

    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
    url = postgres.rpartition("/")[0] + f"/{name}"
    upgrade(Settings(_env_file=None, database_url=url))  # type: ignore[call-arg]  # pydantic-settings' own keyword
    seed.fill(url, posts=posts)
    return url


@contextmanager
def serve(database: str, directory: Path, *, key: str, **settings: str) -> Iterator[Process]:
    """`app serve` with one worker and a rate limit that counts every request but is never reached."""
    port = free_port()
    environment = {
        "SECRET_KEY": key,
        "DATABASE_URL": database,
        "PORT": str(port),
        "DATA_DIR": str(directory),
        "ENVIRONMENT": "staging",
        "RATE_LIMIT_REQUESTS": str(10**9),
        "RATE_LIMIT_LOGIN": str(10**9),
        **settings,
    }
    command = [sys.executable, "-m", "app", "serve"]
    with served(f"service-{port}", command, environment=environment, directory=directory, port=port) as process:
        yield process


@contextmanager
def granian(
    name: str, target: str, directory: Path, *, python: str = sys.executable, **environment: str
) -> Iterator[Process]:
    """`target` on the server the service runs on, set up the same way (app/server/process.py)."""
    port = free_port()
    command = [python, "-m", "granian", "--interface", "asgi", "--http", "1", "--no-ws", "--loop", "uvloop"]
    command += ["--workers", "1", "--port", str(port), "--log-level", "warning", target]
    environment.setdefault("PYTHONPATH", str(ROOT))
    with served(name, command, environment=environment, directory=directory, port=port) as process:
        yield process


def log_in(client: httpx2.Client, number: int = 1) -> str:
    form = {"username": seed.email_of(number), "password": seed.PASSWORD}
    return client.post(f"{API}/auth/login", data=form).raise_for_status().json()["access_token"]
