"""Work that is cancelled, wherever it stands: no connection is lost by it, no thread, and nobody else's turn."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import func, select, text

from app.database.engine import Database
from app.database.query import CompiledQuery
from app.database.reader import SQLITE_READERS
from app.models import User
from tests.backends import on_both_databases, on_sqlite
from tests.live import PATIENCE, wait_until

COUNT = CompiledQuery(int, select(func.count()).select_from(User))


@pytest.fixture
async def database(settings: Any) -> Any:
    made = Database(settings)
    yield made
    await made.close()


async def cancelled_after(turns: int, work: Callable[[], Awaitable[object]]) -> "asyncio.Task[object]":
    """``work``, begun and cancelled after so many turns of the event loop. Kept, it keeps what it held alive."""
    task = asyncio.ensure_future(work())
    for turn in range(turns):
        await asyncio.sleep(0.0005 if turn % 4 == 3 else 0)  # others' threads get their turn, too
    task.cancel()
    await asyncio.wait({task})
    return task


def threads_of_connections() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name}


@on_both_databases
async def test_reads_and_writes_cancelled_at_every_point_lose_no_connection(settings: Any):
    before = threads_of_connections()
    narrow = settings.model_copy(update={"database_pool_size": 1, "database_max_overflow": 0})  # one lost is all lost
    ended: list[asyncio.Task[object]] = []
    turns = 0
    while not ended or any(task.cancelled() for task in ended[-2:]):  # until both come to their end before
        database = Database(narrow)  # a new one each time: opening is what takes the most steps
        ended.append(await cancelled_after(turns, partial(database.reader.first, COUNT)))
        ended.append(await cancelled_after(turns, partial(read_and_write, database)))
        async with asyncio.timeout(PATIENCE):
            found = await asyncio.gather(*(database.reader.first(COUNT) for _ in range(2 * SQLITE_READERS)))
            await read_and_write(database)
        assert found == [0] * len(found)
        assert {name: use.asked for name, use in database.pools().items()} == {"reader": 0, "writer": 0}
        await database.close()
        turns += 1 + turns // 4
    await asyncio.to_thread(wait_until, lambda: not threads_of_connections() - before)


async def read_and_write(database: Database) -> None:
    async with database.session() as session:
        await session.execute(text("SELECT 1"))
        await database.reader.first(COUNT)


@on_sqlite
async def test_a_connection_given_up_in_the_middle_of_a_statement_gives_the_write_lock_back(database: Database):
    async with database.session() as session:
        connection = await session.connection()
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        cursor = await driver.execute("SELECT 1")  # run, not read: what a task that was cancelled here still holds
        await connection.invalidate()
        await session.rollback()
    async with asyncio.timeout(PATIENCE):
        await read_and_write(database)
    assert cursor.description


@on_sqlite
async def test_whoever_waits_for_a_connection_gets_one_when_those_that_open_are_cancelled(database: Database):
    opening = [asyncio.ensure_future(database.reader.first(COUNT)) for _ in range(SQLITE_READERS)]
    waiting = asyncio.ensure_future(database.reader.first(COUNT))
    await asyncio.sleep(0)
    for task in opening:
        task.cancel()
    async with asyncio.timeout(PATIENCE):
        assert await waiting == 0


@on_sqlite
async def test_a_closed_reader_opens_nothing_any_more(database: Database):
    assert await database.reader.first(COUNT) == 0
    before = threads_of_connections()
    await database.close()
    with pytest.raises(aiosqlite.Error):
        await database.reader.first(COUNT)
    assert threads_of_connections() <= before
