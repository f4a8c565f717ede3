"""Readers: a :class:`~app.database.query.CompiledQuery` run on the driver itself, without SQLAlchemy's session."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar, cast

import aiosqlite
import asyncpg
import orjson
from sqlalchemy.dialects.postgresql import asyncpg as sa_asyncpg
from sqlalchemy.dialects.sqlite import aiosqlite as sa_aiosqlite
from sqlalchemy.engine import URL, Dialect

from app.config import Settings
from app.config.databases import asyncpg_arguments
from app.database.pool import PoolUse
from app.database.query import CompiledQuery, Record

T = TypeVar("T")
Pool = Any  # asyncpg.Pool, whose methods have no types

SQLITE_READERS = 4
_LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)


class Reader(ABC):
    """Runs queries in autocommit. One that meets a dead connection is tried once more on a fresh one."""

    dialect: Dialect
    use: PoolUse

    async def all(self, query: CompiledQuery[T], **values: Any) -> list[T]:
        compiled = query.compiled(self.dialect)
        records = await self.records(compiled.sql, compiled.parameters(values), planned_anew=query.planned_anew)
        return compiled.rows(query.row, records)

    async def all_once(self, query: CompiledQuery[T], /, **values: Any) -> list[T]:
        """The same for a statement that writes: it is not tried again."""
        compiled = query.compiled(self.dialect)
        return compiled.rows(query.row, await self.records(compiled.sql, compiled.parameters(values), again=False))

    async def first(self, query: CompiledQuery[T], **values: Any) -> T | None:
        rows = await self.all(query, **values)
        return rows[0] if rows else None

    @abstractmethod
    async def records(
        self, sql: str, parameters: Sequence[Any], *, planned_anew: bool = False, again: bool = True
    ) -> Sequence[Record]:
        """Run SQL in the driver's own parameter style and return its rows; ``again`` if the connection is lost."""

    @abstractmethod
    async def close(self) -> None: ...


def _lower(text: str | None) -> str | None:
    return text.lower() if text is not None else None


class PostgresReader(Reader):
    def __init__(self, url: URL, settings: Settings) -> None:
        self.dialect = sa_asyncpg.dialect()
        self._url = url
        self._settings = settings
        self.use = PoolUse(settings.database_pool_size + settings.database_max_overflow)
        self._pool: Pool | None = None
        self._opening = asyncio.Lock()

    async def records(
        self, sql: str, parameters: Sequence[Any], *, planned_anew: bool = False, again: bool = True
    ) -> Sequence[Record]:
        pool = self._pool or await self._open()
        try:
            return await self._fetch(pool, sql, parameters, planned_anew)
        except _LOST:
            if not again:
                raise
            return await self._fetch(pool, sql, parameters, planned_anew)

    async def _fetch(self, pool: Pool, sql: str, parameters: Sequence[Any], planned_anew: bool) -> Sequence[Record]:
        self.use.asked += 1
        try:
            connection = await self._acquire(pool)
            try:
                if not planned_anew:
                    return await connection.fetch(sql, *parameters)
                async with connection.transaction(readonly=True):
                    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
                    return await connection.fetch(sql, *parameters)
            finally:
                await pool.release(connection)
        finally:
            self.use.asked -= 1

    async def _acquire(self, pool: Pool) -> Any:
        acquiring = pool.acquire(timeout=self._settings.database_pool_timeout)
        if self.use.asked <= self.use.limit:
            return await acquiring
        started = perf_counter()
        try:
            return await acquiring
        finally:
            self.use.waited(started)

    async def _open(self) -> Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await _open_pool(self._url, self._settings)
        return self._pool

    async def close(self) -> None:
        if self._pool is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._pool.close(), timeout=2.0)
            self._pool.terminate()
            self._pool = None


async def _open_pool(url: URL, settings: Settings) -> Pool:
    arguments = postgres_arguments(settings)
    if "server_settings" in arguments:
        # Planning a list takes longer than running it; one plan is right for all values, or the query says otherwise.
        arguments["server_settings"]["plan_cache_mode"] = "force_generic_plan"
    return await cast(Any, asyncpg).create_pool(
        host=arguments.pop("host", url.host),
        port=url.port or 5432,
        user=url.username,
        password=url.password,
        database=url.database,
        min_size=0,
        max_size=settings.database_pool_size + settings.database_max_overflow,
        init=_read_json,
        reset=_keep,
        **arguments,
    )


async def _read_json(connection: Any) -> None:
    """JSON columns as plain data: by default asyncpg returns them as text."""
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, schema="pg_catalog", encoder=_json_text, decoder=orjson.loads)


def _json_text(value: object) -> str:
    return orjson.dumps(value).decode()


def postgres_arguments(settings: Settings) -> dict[str, Any]:
    """asyncpg's arguments for every connection, the reader's and the writer's."""
    given = asyncpg_arguments(settings.database)
    arguments: dict[str, Any] = {"timeout": 5.0, "command_timeout": 30.0, **given}
    if settings.database_prepared_statements:
        arguments["server_settings"] = {
            "application_name": settings.project_name,
            "jit": "off",
            "max_parallel_workers_per_gather": "0",
            **given.get("server_settings", {}),
        }
    else:  # PgBouncer in transaction mode keeps neither prepared statements nor session settings
        arguments["statement_cache_size"] = 0
    return arguments


async def _keep(_connection: object) -> None:
    """Autocommit reads leave nothing behind, so the reset between two uses (a round trip) is left out."""


class SqliteReader(Reader):
    """A few read-only connections, each with its own thread; the busy ones are waited for."""

    def __init__(self, path: Path) -> None:
        self.dialect = sa_aiosqlite.dialect()
        self._path = path
        self.use = PoolUse(SQLITE_READERS)
        self._turns = asyncio.Semaphore(SQLITE_READERS)
        self._idle: list[aiosqlite.Connection] = []
        self._closed = False

    async def records(
        self, sql: str, parameters: Sequence[Any], *, planned_anew: bool = False, again: bool = True
    ) -> Sequence[Record]:
        async with self._connection() as connection:
            return list(await connection.execute_fetchall(sql, parameters))

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncGenerator[aiosqlite.Connection]:
        self.use.asked += 1
        try:
            await self._turn()
            try:
                if self._closed:
                    raise aiosqlite.ProgrammingError("the reader is closed")
                connection = self._idle.pop() if self._idle else await self._connect()
                try:
                    yield connection
                finally:
                    self._idle.append(connection)
            finally:
                self._turns.release()
        finally:
            self.use.asked -= 1

    async def _turn(self) -> None:
        """Take the right to one connection. It passes on even where none was opened, so that nobody waits for that."""
        if not self._turns.locked():
            await self._turns.acquire()
            return
        started = perf_counter()
        try:
            await self._turns.acquire()
        finally:
            self.use.waited(started)

    async def _connect(self) -> aiosqlite.Connection:
        connection: Any = await aiosqlite.connect(self._path, isolation_level=None)
        try:
            await connection.execute("PRAGMA busy_timeout = 10000")
            await connection.execute("PRAGMA query_only = ON")
            # SQLite's own knows A to Z alone: a search for "öz" would not find "Öz".
            await connection.create_function("lower", 1, _lower, deterministic=True)
        except BaseException:
            connection.stop()  # its thread would outlive us, and a process does not exit while it has one
            raise
        return connection

    async def close(self) -> None:
        """Wait for the queries under way and close every connection; none is opened any more."""
        self._closed = True
        for _ in range(SQLITE_READERS):
            await self._turns.acquire()
        for connection in self._idle:
            await connection.close()
        self._idle.clear()
        for _ in range(SQLITE_READERS):
            self._turns.release()
