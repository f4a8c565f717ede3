"""Bringing a database to the newest schema, and knowing whether it is there.

Alembic is imported by those who migrate; to know where the code stands, its migrations are read as text.
"""

import ast
import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from sqlalchemy import URL, NullPool, String, column, create_engine, select, table
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.config import SERVICE_ROOT, ConfigurationError, Settings
from app.database.engine import Database, sqlite_path
from app.database.query import CompiledQuery
from app.kit.keys import make_private_file

if TYPE_CHECKING:
    from alembic.config import Config

INSUFFICIENT_PRIVILEGE = "42501"
DEADLOCK = "40P01"
ATTEMPTS = 5
"""How often a migration is begun that deadlocks with requests which are being answered."""
_CURRENT = CompiledQuery(str, select(column("version_num", String)).select_from(table("alembic_version")))


_REVISION = re.compile(r"^(revision|down_revision)\b[^=\n]*=(.+)$", re.MULTILINE)


def alembic_config(url: URL) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SERVICE_ROOT / "migrations"))
    config.attributes["url"] = url
    return config


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Run every migration that is missing. Several processes may call this at once: one works, the others wait.

    Synchronous: call it before the event loop starts or in a thread. Raises ConfigurationError for what it cannot do, a
    revision that the schema has left behind among it.
    """
    from alembic import command
    from alembic.util import CommandError

    if settings.is_sqlite:
        make_private_file(sqlite_path(settings.database))
    if revision != "head":
        _require_ahead(settings, revision)
    try:
        _giving_way(partial(command.upgrade, alembic_config(sync_url(settings.database)), revision))
    except CommandError as fault:  # a revision that this code does not have, or the database's own that it has not
        raise ConfigurationError(f"cannot migrate to {revision}: {fault}") from None
    except ProgrammingError as fault:
        if getattr(fault.orig, "sqlstate", None) != INSUFFICIENT_PRIVILEGE:
            raise
        raise ConfigurationError(f"the database's user may not change its schema: {fault.orig}") from None


def _require_ahead(settings: Settings, revision: str) -> None:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    engine = create_engine(sync_url(settings.database), poolclass=NullPool)
    with engine.connect() as connection:
        at = MigrationContext.configure(connection).get_current_revision()
    if at is None or at not in _known():
        return
    script = ScriptDirectory(str(SERVICE_ROOT / "migrations"))
    behind = [known.revision for known in script.walk_revisions(head=at)][1:]
    if any(known.startswith(revision) for known in behind):
        raise ConfigurationError(f"the database is at {at}, which is beyond {revision}: nothing was changed")


def downgrade(settings: Settings, revision: str) -> None:
    from alembic import command

    _giving_way(partial(command.downgrade, alembic_config(sync_url(settings.database)), revision))


def _giving_way(migrate: Callable[[], None]) -> None:
    """Migrate; once more where the database broke a deadlock by ending this transaction, of which nothing is kept."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            migrate()
            break
        except OperationalError as fault:
            if attempt == ATTEMPTS or getattr(fault.orig, "sqlstate", None) != DEADLOCK:
                raise


def sync_url(url: URL) -> URL:
    """The same database through its synchronous driver (Alembic has no asyncio)."""
    if url.get_backend_name() == "sqlite":
        return url.set(drivername="sqlite")
    return url.set(drivername="postgresql+psycopg")  # the parameters are libpq's


@lru_cache
def head() -> str:
    """The newest revision of the code."""
    (newest,) = _known().keys() - {before for former in _known().values() for before in former}
    return newest


def compared(_item: object, name: str | None, _kind: str, reflected: bool, _model: object) -> bool:
    """For Alembic's comparison: search columns and indexes differ between the databases and are not in the models."""
    return not (reflected and name and ("search" in name or name.endswith("_trgm")))


async def current(database: Database) -> str | None:
    """The revision of the database, or None when it has never been migrated. Raises what the driver does."""
    exists = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
    if database.dialect == "postgresql":
        exists = (
            "SELECT 1 FROM pg_tables WHERE tablename = 'alembic_version' AND schemaname = ANY (current_schemas(false))"
        )
    if not await database.reader.records(exists, ()):
        return None
    return await database.reader.first(_CURRENT)


async def head_reached(database: Database) -> bool:
    """Whether this code can work on the schema: it is the code's own, or one of a version to come.

    During a rollout the schema is ahead of the pods that still serve: they have to stay ready.
    """
    revision = await current(database)
    return revision == head() or (revision is not None and revision not in _known())


@lru_cache
def _known() -> dict[str, tuple[str, ...]]:
    """Every revision of the code, with those it follows."""
    known: dict[str, tuple[str, ...]] = {}
    for path in (SERVICE_ROOT / "migrations" / "versions").glob("*.py"):
        said = {name: ast.literal_eval(value.strip()) for name, value in _REVISION.findall(path.read_text("utf-8"))}
        former = said.get("down_revision")
        known[said["revision"]] = (former,) if isinstance(former, str) else tuple(former or ())
    return known
