"""The database: one commit or none, callbacks only after it, reads that survive what they can."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.exc import StatementError

from app.database import migrations
from app.database.engine import Database, after_commit, insert_ignoring_conflicts
from app.database.query import CompiledQuery
from app.http.errors import is_outage, problem_for
from app.kit.clock import utcnow
from app.models import Role, User
from tests.backends import Backend, on_both_databases, on_postgres, on_sqlite
from tests.conftest import settings_for
from tests.servers import Postgres


@pytest.fixture
async def database(settings: Any) -> Any:
    made = Database(settings)
    yield made
    await made.close()


def person(name: str = "ada") -> User:
    return User(email=f"{name}@example.org", username=name, hashed_password="x")


COUNT = CompiledQuery(int, select(func.count()).select_from(User))


@on_both_databases
async def test_an_error_rolls_everything_back_and_nothing_waits_for_the_commit(database: Database):
    heard: list[str] = []

    async def hear() -> None:
        heard.append("committed")

    async def fail() -> None:
        async with database.session() as session:
            session.add(person())
            await session.flush()
            after_commit(session, hear)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await database.reader.first(COUNT) == 0
    assert heard == []


@on_both_databases
async def test_callbacks_run_once_after_the_commit_when_it_can_be_seen(database: Database):
    seen: list[int | None] = []

    async def look() -> None:
        seen.append(await database.reader.first(COUNT))

    async with database.session() as session:
        after_commit(session, look)
        session.add(person())
        await session.flush()
        assert await database.reader.first(COUNT) == 0
    assert seen == [1]


@on_both_databases
async def test_a_cancelled_request_leaves_nothing_behind_and_the_connection_usable(database: Database):
    async def interrupted() -> None:
        async with database.session() as session:
            session.add(person())
            await session.flush()
            await asyncio.sleep(60)

    task = asyncio.create_task(interrupted())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.session() as session:
        session.add(person())
    assert await database.reader.first(COUNT) == 1


@on_both_databases
async def test_twenty_writers_at_once_all_get_their_turn(database: Database):
    async with database.session() as session:
        session.add(person())

    async def bump() -> None:
        async with database.session() as session:
            version = await session.scalar(select(User.version).with_for_update())
            await asyncio.sleep(0.001)
            await session.execute(update(User).values(version=version + 1))

    await asyncio.gather(*(bump() for _ in range(20)))
    assert await database.reader.first(CompiledQuery(int, select(User.version))) == 21


@on_both_databases
async def test_an_insert_that_conflicts_inserts_nothing_and_spoils_nothing(database: Database):
    values = {"email": "a@example.org", "hashed_password": "x"}
    async with database.session() as session:
        for username in ("ada", "grace"):
            row = insert_ignoring_conflicts(session, User).values(**values, username=username).returning(User.username)
            inserted = await session.scalar(row)
            assert inserted == ("ada" if username == "ada" else None)
    assert await database.reader.first(COUNT) == 1


@on_both_databases
async def test_a_read_gives_python_s_own_types_on_both_databases(database: Database):
    now = utcnow()
    async with database.session() as session:
        session.add(person())
    statement = select(User.id, User.role, User.is_active, User.created_at, User.last_login_at, User.version)
    row = await database.reader.first(
        CompiledQuery(lambda *columns: columns, statement.where(User.email == bindparam("email"))),
        email="ada@example.org",
    )
    assert row is not None
    assert (row[1], row[2], row[4], row[5]) == (Role.USER, True, None, 1)
    assert row[1] is Role.USER
    assert row[2] is True
    assert row[3].tzinfo is not None
    assert abs((row[3] - now).total_seconds()) < 10


@on_both_databases
async def test_a_bind_that_the_statement_does_not_have_is_an_error(database: Database):
    with pytest.raises(KeyError, match="nonsense"):
        await database.reader.first(COUNT, nonsense=1)


@on_sqlite
async def test_the_reader_cannot_write(database: Database):
    with pytest.raises(Exception, match="readonly"):
        await database.reader.records("DELETE FROM users", ())


@on_sqlite
async def test_foreign_keys_hold_and_the_file_is_in_wal_mode(database: Database):
    async with database.session() as session:
        connection = await session.connection()
        assert (await connection.exec_driver_sql("PRAGMA foreign_keys")).scalar() == 1
        assert (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar() == "wal"


@on_both_databases
async def test_times_without_a_zone_are_refused(database: Database):
    user = person()
    user.last_login_at = datetime(2026, 1, 1)
    with pytest.raises(StatementError, match="without a zone"):
        await store(database, user)


@on_sqlite
async def test_many_reads_at_once_share_the_few_connections(database: Database):
    assert await asyncio.gather(*(database.reader.first(COUNT) for _ in range(200))) == [0] * 200


async def test_reads_and_writes_recover_by_themselves_when_postgresql_comes_back(tmp_path: Any):
    server = Postgres(durable=True)
    server.start()
    try:
        settings = settings_for(Backend(name="postgres", database_url=server.url()), data_dir=tmp_path)
        migrations.upgrade(settings)
        database = Database(settings)
        async with database.session() as session:
            session.add(person("before"))
        assert await asyncio.gather(*(database.reader.first(COUNT) for _ in range(5))) == [1] * 5

        server.kill()
        for attempt in (database.reader.first(COUNT), write(database, "lost")):
            with pytest.raises(Exception) as failure:  # noqa: PT011  # whichever the driver raises
                await attempt
            assert is_outage(failure.value)

        server.start()
        assert await database.reader.first(COUNT) == 1
        await write(database, "after")
        assert await database.reader.first(COUNT) == 2
        await database.close()
    finally:
        server.stop()


@on_postgres
@pytest.mark.parametrize("state", ["40P01", "40001"])
async def test_a_transaction_that_others_made_impossible_may_be_tried_again(database: Database, state: str):
    raised = text(f"DO $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '{state}'; END $$")

    async def write_it() -> None:
        async with database.session() as session:
            await session.execute(raised)

    for attempt in (database.reader.records(raised.text, ()), write_it()):
        with pytest.raises(Exception, match="deadlock detected") as failure:  # whichever the driver raises
            await attempt
        problem = problem_for(failure.value)
        assert (problem.status, (problem.headers or {})["Retry-After"]) == (503, "1")


async def write(database: Database, name: str) -> None:
    await store(database, person(name))


async def store(database: Database, user: User) -> None:
    async with database.session() as session:
        session.add(user)


@on_postgres
async def test_without_prepared_statements_as_behind_pgbouncer_everything_works(backend: Backend, tmp_path: Any):
    database = Database(settings_for(backend, data_dir=tmp_path, database_prepared_statements=False))
    await write(database, "ada")
    assert await database.reader.first(COUNT) == 1
    await database.close()
