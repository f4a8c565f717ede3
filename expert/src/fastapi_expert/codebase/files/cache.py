"""What was read before, by content hash, in `.expert/cache/` (which ignores itself).

One SQLite file. Two runs at once, a killed run and a full disk are ordinary. Whatever is wrong with it, the answer is
the same: read the sources again. Facts lie beside a checksum, so that damaged ones are never linked, and nothing in it
can run code, see :mod:`fastapi_expert.codebase.syntax.encoding`.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from fastapi_expert.codebase.syntax.facts import VERSION
from fastapi_expert.store import cache_of, ensure_ignored

_SCHEMA = """
create table if not exists contents
    (hash blob primary key, facts blob not null, shapes blob not null, checksum blob not null) without rowid;
create table if not exists stamps
    (path text primary key, mtime integer, size integer, inode integer, hash blob not null) without rowid;
create table if not exists blobs (name text primary key, data blob not null) without rowid;
"""

_VERSION = VERSION * 100 + 1
"""Of the facts and of the tables above."""

Stamp = tuple[int, int, int]
_T = TypeVar("_T")

_RACY_NS = 100_000_000
"""A file written this shortly before it was read may change again within the clock's grain: it is hashed next time."""


class Cache:
    """The cache in ``folder``; where the folder cannot be used, every method works and nothing is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "facts.sqlite3"
        self._connection: sqlite3.Connection | None = None
        self._connection = self._open()

    @classmethod
    def of(cls, root: Path) -> "Cache":
        """The cache of the codebase at ``root``."""
        return cls(cache_of(root))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    __del__ = close

    def stamps(self) -> dict[str, tuple[Stamp, bytes]]:
        """Path to what `stat` said when it was last read, and the hash of what was read."""
        rows = self._rows("select path, mtime, size, inode, hash from stamps")
        return {path: ((mtime, size, inode), digest) for path, mtime, size, inode, digest in rows}

    def hashes(self) -> set[bytes]:
        """The hashes of all contents whose facts are here."""
        return {digest for (digest,) in self._rows("select hash from contents")}

    def contents(self, hashes: Iterable[bytes]) -> dict[bytes, tuple[bytes, bytes]]:
        """Content hash to encoded facts and shapes, for those that are here undamaged."""
        wanted = list(set(hashes))
        found: dict[bytes, tuple[bytes, bytes]] = {}
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            marks = ",".join("?" * len(some))
            rows = self._rows(f"select hash, facts, shapes, checksum from contents where hash in ({marks})", some)  # noqa: S608 - marks only
            for digest, facts, shapes, checksum in rows:
                if _is_intact(facts, shapes, checksum):
                    found[digest] = (facts, shapes)
        return found

    def store(
        self,
        contents: Iterable[tuple[bytes, bytes, bytes]],
        stamps: Iterable[tuple[str, Stamp, bytes]],
        gone: Iterable[str],
    ) -> None:
        """Keep (hash, facts, shapes) and (path, stamp, hash); forget the paths that are ``gone``."""
        now = time.time_ns()
        rows = [(digest, facts, shapes, _checksum(facts, shapes)) for digest, facts, shapes in contents]
        settled = [
            (path, *stamp, digest) for path, stamp, digest in stamps if now - stamp[0] > _RACY_NS and _is_utf8(path)
        ]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("insert or replace into contents values (?, ?, ?, ?)", rows)
            connection.executemany("insert or replace into stamps values (?, ?, ?, ?, ?)", settled)
            connection.executemany("delete from stamps where path = ?", [(path,) for path in gone if _is_utf8(path)])
            # Old contents stay for a while, because switching branches brings them back.
            many, few = connection.execute(
                "select (select count(*) from contents), (select count(*) from stamps)"
            ).fetchone()
            if many > 3 * few + 1000:
                connection.execute("delete from contents where hash not in (select hash from stamps)")

        self._write(write)

    def get_blob(self, name: str) -> bytes | None:
        """What was kept under ``name``."""
        rows = self._rows("select data from blobs where name = ?", (name,))
        return rows[0][0] if rows else None

    def put_blob(self, name: str, data: bytes) -> None:
        """Keep ``data`` under ``name``."""
        self._write(lambda connection: connection.execute("insert or replace into blobs values (?, ?)", (name, data)))

    def forget(self) -> None:
        """Start anew: what is here cannot be trusted."""
        self.close()
        for suffix in ("", "-journal", "-wal", "-shm"):
            try:
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            except OSError:
                return
        self._connection = self._open(again=False)

    def _open(self, *, again: bool = True) -> sqlite3.Connection | None:
        try:
            ensure_ignored(self.folder)
            connection = sqlite3.connect(self._file, timeout=2.0, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error):
            return None  # a read-only tree: everything is read each time
        try:
            connection.execute("pragma trusted_schema = off")
            connection.execute("pragma synchronous = off")
            if connection.execute("pragma user_version").fetchone()[0] != _VERSION:
                self._recreate(connection)
        except sqlite3.OperationalError:
            connection.close()
            return None  # locked for longer than the timeout, or read-only
        except sqlite3.DatabaseError:
            connection.close()
            if again:
                self.forget()
                return self._connection
            return None
        return connection

    def _recreate(self, connection: sqlite3.Connection) -> None:
        connection.execute("begin immediate")
        for table in ("contents", "stamps", "blobs"):
            connection.execute(f"drop table if exists {table}")
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"pragma user_version = {_VERSION}")
        connection.execute("commit")

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._safely(lambda connection: connection.execute(query, values).fetchall()) or []

    def _write(self, write: Callable[[sqlite3.Connection], object]) -> None:
        def transaction(connection: sqlite3.Connection) -> None:
            connection.execute("begin immediate")
            write(connection)
            connection.execute("commit")

        self._safely(transaction)

    def _safely(self, use: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """What ``use`` gives; None, and no cache from here on, when it is locked, full, read-only or damaged."""
        if self._connection is None:
            return None
        try:
            return use(self._connection)
        except sqlite3.OperationalError:
            self.close()
        except sqlite3.DatabaseError:
            self.forget()
        return None


def _is_utf8(path: str) -> bool:
    """Whether the database can hold ``path``: a file whose name is not UTF-8 is read anew every time."""
    return path.isascii() or not any("\ud800" <= character <= "\udfff" for character in path)


def _checksum(facts: bytes, shapes: bytes) -> bytes:
    total = blake2b(facts, digest_size=8)
    total.update(shapes)
    return total.digest()


def _is_intact(facts: object, shapes: object, checksum: object) -> bool:
    return isinstance(facts, bytes) and isinstance(shapes, bytes) and checksum == _checksum(facts, shapes)
