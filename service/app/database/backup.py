"""A copy of the embedded database while it is in use. PostgreSQL has `pg_dump` for this (docs/backup.md)."""

import contextlib
import os
import sqlite3
from pathlib import Path

from app.config import ConfigurationError, Settings
from app.database.engine import sqlite_path


def back_up(settings: Settings, target: Path) -> None:
    """Write one consistent SQLite file, its owner's alone, with all that was committed by now. A plain copy would
    miss what is in the log beside it (-wal). An older file of that name is replaced once the new one is whole.

    Raises ConfigurationError for a database that is not SQLite or not there, OSError.
    """
    if not settings.is_sqlite:
        raise ConfigurationError("this command copies SQLite; PostgreSQL is backed up with pg_dump (docs/backup.md)")
    source = sqlite_path(settings.database)
    if not source.exists():
        raise ConfigurationError(f"there is no database at {source}; set DATA_DIR or DATABASE_URL")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as fault:
        raise ConfigurationError(f"cannot write {target}: {fault.strerror}") from None
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as live,
            contextlib.closing(sqlite3.connect(draft)) as copy,
        ):
            live.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, with no log beside it
        draft.replace(target)
    except sqlite3.Error as fault:
        raise ConfigurationError(f"cannot write {target}: {fault}") from None
    finally:
        draft.unlink(missing_ok=True)
