"""The database: an engine for writing transactions and a reader for everything else.

Writes go through one SQLAlchemy session per request, committed once. Reads go through
:class:`~app.database.reader.Reader`, in autocommit and without the ORM.
"""

import contextlib
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from app.config import Settings
from app.database.pool import MeasuredPool, PoolUse
from app.database.query import CompiledQuery
from app.database.reader import PostgresReader, Reader, SqliteReader, postgres_arguments
from app.kit.keys import make_private_file

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]
AfterCommit = Callable[[], Awaitable[None]]

_AFTER_COMMIT = "after_commit"
_DATABASE = "database"
SQLITE_BUSY_TIMEOUT_MS = 10_000


class Database:
    """The connections of one application. Opening it connects to nothing; the first statement does."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.database
        self.jobs_written: Callable[[], None] | None = None
        """Called after a commit that wrote a job, so that it need not wait for the next look at the outbox."""
        self.dialect: Dialect = "sqlite" if settings.is_sqlite else "postgresql"
        self.engine = (
            _sqlite_engine(self.url, settings) if self.dialect == "sqlite" else _postgres_engine(self.url, settings)
        )
        self.reader: Reader = (
            SqliteReader(sqlite_path(self.url)) if self.dialect == "sqlite" else PostgresReader(self.url, settings)
        )

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncGenerator[AsyncSession]:
        """One transaction: committed at the end, rolled back on any error.

        Callbacks registered with :func:`after_commit` run once the commit has succeeded.
        """
        async with AsyncSession(self.engine, expire_on_commit=False, info={_DATABASE: self}) as session:
            try:
                yield session
                await commit(session)
            except BaseException:
                await session.rollback()
                raise

    async def run_alone(self, query: CompiledQuery[T], /, **values: Any) -> list[T]:
        """The rows of a statement that is a transaction by itself: on PostgreSQL one round trip instead of three.

        Never sent twice, as the reader's queries are: a connection that is lost does not tell whether it was done.
        """
        if self.dialect == "postgresql":
            return await self.reader.all_once(query, **values)
        async with self.session() as session:
            return await run(session, query, **values)

    def pools(self) -> dict[str, PoolUse]:
        """How busy the connections for reading and for writing are."""
        return {"reader": self.reader.use, "writer": cast(MeasuredPool, self.engine.pool).use}

    async def close(self) -> None:
        await self.reader.close()
        await self.engine.dispose()


def after_commit(session: AsyncSession, callback: AfterCommit) -> None:
    """Run `callback` once this session's transaction is committed; never when it is rolled back."""
    callbacks: list[AfterCommit] = session.info.setdefault(_AFTER_COMMIT, [])
    callbacks.append(callback)


def tell_job_written(session: AsyncSession) -> None:
    """Have :attr:`Database.jobs_written` called once this session's transaction is committed."""
    database: Database = session.info[_DATABASE]

    async def tell() -> None:
        if database.jobs_written is not None:
            database.jobs_written()

    after_commit(session, tell)


async def commit(session: AsyncSession) -> None:
    """Commit, then run what waits for it. :meth:`Database.session` does this, and a refusal that keeps its writes."""
    await session.commit()
    callbacks: list[AfterCommit] = session.info.pop(_AFTER_COMMIT, [])
    for callback in callbacks:
        await callback()


async def run(session: AsyncSession, query: CompiledQuery[T], /, **values: Any) -> list[T]:
    """The rows of a compiled query in this session's transaction, of which what it writes is a part."""
    connection = await session.connection()
    compiled = query.compiled(cast(Database, session.info[_DATABASE]).reader.dialect)
    found = await connection.exec_driver_sql(compiled.sql, tuple(compiled.parameters(values)))
    return compiled.rows(query.row, found.all())


def dialect_of(session: AsyncSession) -> Dialect:
    database: Database = session.info[_DATABASE]
    return database.dialect


def insert_ignoring_conflicts(session: AsyncSession, table: type[Any]) -> Any:
    """An INSERT that inserts nothing where a unique value is taken; another's uncommitted row is waited for."""
    insert = postgresql.insert if dialect_of(session) == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()


def sqlite_path(url: URL) -> Path:
    assert url.database is not None, "settings refuse an in-memory SQLite"
    return Path(url.database)


class _RolledBackOnClose(sqlite3.Connection):
    """SQLite keeps a closed connection's transaction, and the write lock with it, until its last statement is gone.

    A task that was cancelled in the middle of one holds that statement for as long as anybody holds the task.
    """

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # closed already, or broken: there is nothing to give back
            self.rollback()
        super().close()


def _sqlite_engine(url: URL, settings: Settings) -> AsyncEngine:
    """SQLite has one writer, so its pool has one connection: writers queue here, in order, not on its lock."""
    make_private_file(sqlite_path(url))
    engine = create_async_engine(
        url,
        poolclass=MeasuredPool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=settings.database_pool_timeout,
        hide_parameters=True,
        connect_args={"factory": _RolledBackOnClose},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not begin transactions behind our back
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_TIMEOUT_MS}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        # IMMEDIATE takes the write lock now: a read that later wants to write would fail at once instead of waiting.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgres_engine(url: URL, settings: Settings) -> AsyncEngine:
    engine = create_async_engine(
        url.set(query={}),  # the parameters are libpq's; the driver's own are in postgres_arguments
        poolclass=MeasuredPool,
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_max_overflow,
        pool_timeout=settings.database_pool_timeout,
        hide_parameters=True,
        connect_args=postgres_arguments(settings),
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def refuse_dead(connection: DBAPIConnection, _entry: ConnectionPoolEntry, _proxy: Any) -> None:
        # asyncpg knows at once when the server hung up; asking it costs no round trip, as a ping would.
        if cast(Any, connection).driver_connection.is_closed():
            raise DisconnectionError("the server closed this connection")

    return engine
