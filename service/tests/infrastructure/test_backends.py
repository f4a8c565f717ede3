"""The test servers are real, and each test starts from nothing."""

import httpx2
import psycopg
import pytest
from sqlalchemy import text

from app.config import Settings
from app.main import create_app
from tests.backends import Backend
from tests.servers import Postgres, Redis


async def test_every_backend_serves_a_migrated_empty_database(app, backend: Backend):
    database = app.state.resources.database
    async with database.session() as session:
        assert (await session.execute(text("SELECT count(*) FROM users"))).scalar() == 0
        version = "SELECT sqlite_version()" if backend.is_sqlite else "SHOW server_version"
        assert (await session.execute(text(version))).scalar()


async def test_rows_of_one_test_do_not_reach_the_next(accounts):
    await accounts.row(email="only@example.org", username="only")  # a leftover of an earlier backend would collide


async def test_a_user_made_by_the_factory_can_log_in(accounts, client: httpx2.AsyncClient):
    user = await accounts.user()
    answer = await client.get("/api/v1/auth/me", headers=user.headers)
    assert answer.status_code == 200
    assert answer.json()["email"] == user.email


def test_a_killed_postgres_comes_back_on_its_port_with_its_rows():
    server = Postgres(durable=True)
    server.start()
    try:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url(), connect_timeout=2)
        server.start()
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)
    finally:
        server.stop()
    assert not server.directory.exists()


def test_a_killed_redis_comes_back_on_its_port():
    server = Redis()
    server.start()
    try:
        server.kill()
        assert not server.is_ready()
        server.start()
        assert server.is_ready()
    finally:
        server.stop()


def test_an_application_can_be_made_with_any_settings(settings: Settings):
    assert create_app(settings) is not create_app(settings)
