"""Migrations: from nothing to head and back on both databases, by one process or several, and no drift."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import alembic.command
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from app.config import Settings
from app.database import migrations
from app.database.engine import Database
from app.models import Base
from tests.backends import Backend, on_both_databases
from tests.conftest import settings_for
from tests.servers import Postgres, free_port


@pytest.fixture(scope="module")
def server() -> Any:
    """A PostgreSQL of its own: these tests make and drop tables."""
    made = Postgres()
    made.start()
    yield made
    made.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a database without a single table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        url = request.getfixturevalue("server").url()
        settings = settings_for(Backend(name="postgres", database_url=url), data_dir=tmp_path)
        if "alembic_version" in tables(settings):
            migrations.downgrade(settings, "base")
    return settings_for(Backend(name=request.param, database_url=url), data_dir=tmp_path)


def tables(settings: Settings) -> set[str]:
    engine = create_engine(migrations.sync_url(settings.database))
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


async def current(settings: Settings) -> str | None:
    database = Database(settings)
    try:
        return await migrations.current(database)
    finally:
        await database.close()


async def test_up_to_head_down_to_nothing_and_up_again(empty: Settings):
    assert await current(empty) is None
    await asyncio.to_thread(migrations.upgrade, empty)
    assert await current(empty) == migrations.head()
    assert set(Base.metadata.tables) <= tables(empty)
    await asyncio.to_thread(migrations.downgrade, empty, "base")
    assert tables(empty) == {"alembic_version"}
    await asyncio.to_thread(migrations.upgrade, empty)
    assert await current(empty) == migrations.head()


async def test_several_processes_may_migrate_at_once(empty: Settings):
    command = "from app.database import migrations; from app.config import Settings; migrations.upgrade(Settings())"
    environment = {"DATABASE_URL": str(empty.database_url), "DATA_DIR": str(empty.data_dir), "ENVIRONMENT": "test"}
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", command, env={**os.environ, **environment}, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    errors = [(await process.communicate())[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    assert await current(empty) == migrations.head()


@pytest.mark.parametrize("deadlocks", [1, migrations.ATTEMPTS])
def test_a_migration_that_deadlocks_with_requests_is_begun_again_but_not_for_ever(
    empty: Settings, monkeypatch: pytest.MonkeyPatch, deadlocks: int
):
    migrations.upgrade(empty)
    left, migrate = [psycopg.errors.DeadlockDetected() for _ in range(deadlocks)], alembic.command.downgrade

    def downgrade(*given: Any) -> None:
        if left:
            raise OperationalError("DROP TABLE users", None, left.pop())
        migrate(*given)

    monkeypatch.setattr(alembic.command, "downgrade", downgrade)
    if deadlocks < migrations.ATTEMPTS:
        migrations.downgrade(empty, "base")
    else:
        with pytest.raises(OperationalError):
            migrations.downgrade(empty, "base")
    assert left == []
    assert ("users" in tables(empty)) == (deadlocks == migrations.ATTEMPTS)


@on_both_databases
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_migrated_schema_is_the_one_of_the_models(settings: Settings):
    engine = create_engine(migrations.sync_url(settings.database))
    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": migrations.compared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_a_role_that_may_not_create_tables_is_one_message(server: Postgres, tmp_path: Path):
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute("CREATE ROLE reader LOGIN PASSWORD 'hunter2'")
        admin.execute("CREATE DATABASE readable")
    address = make_url(server.url()).set(username="reader", password="hunter2", database="readable")
    url = address.render_as_string(hide_password=False)
    for command in (["migrate"], ["serve"]):
        ran = subprocess.run(
            [sys.executable, "-m", "app", *command],
            cwd=tmp_path,
            env={**os.environ, "DATABASE_URL": url, "DATA_DIR": str(tmp_path), "PORT": str(free_port())},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 1
        (line,) = [line for line in ran.stderr.splitlines() if "error" in line]
        assert line.startswith("error: the database's user may not change its schema: permission denied")
        assert "Traceback" not in ran.stderr
        assert "hunter2" not in ran.stderr
