"""How Alembic reaches the database: at the address `app.database.migrations` gives, or the one in the settings."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager

from alembic import context
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from app.config import get_settings
from app.database.migrations import compared, sync_url
from app.models import Base

# Any constant: whoever migrates this database takes this lock first.
MIGRATION_LOCK = 7_226_421_190_461
ASKS_EVERY = 0.2


def main() -> None:
    url = context.config.attributes.get("url") or sync_url(get_settings().database)
    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def no_implicit_begin(connection: sqlite3.Connection, _record: object) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA busy_timeout = 60000")
            connection.execute("PRAGMA journal_mode = WAL")

        @event.listens_for(engine, "begin")
        def lock(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    with turn(engine), engine.connect() as connection:
        migrate(connection)
    engine.dispose()


@contextmanager
def turn(engine: Engine) -> Generator[None]:
    """One at a time. The lock has a connection of its own, since a migration may end a transaction and begin another.

    Who has to wait asks again and again: a statement that waited would have a snapshot, for which a
    ``CREATE INDEX CONCURRENTLY`` of whoever has the lock would wait in turn.
    """
    if engine.dialect.name == "sqlite":  # whose BEGIN is a lock already
        yield
        return
    with engine.connect() as guard:
        # Without a parameter: a statement with one keeps its snapshot until the next.
        while not guard.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({MIGRATION_LOCK})").scalar():
            guard.rollback()
            time.sleep(ASKS_EVERY)
        yield


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        include_object=compared,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


main()
