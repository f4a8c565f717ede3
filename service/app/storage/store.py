"""Where files are kept: a folder, or a bucket of an S3-compatible store. Which one, the settings say.

A file is written once, under a name of our making, and never changed. Both stores are synchronous: background jobs are,
and :class:`~app.storage.images.Images` gives requests threads for them.
"""

import contextlib
import io
import os
import shutil
from collections.abc import Generator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import structlog

from app.config import Settings
from app.http.errors import Unavailable
from app.kit.keys import make_private_folder

if TYPE_CHECKING:
    from obstore.store import S3Store

log = structlog.get_logger(__name__)

CHUNK = 65_536
"""Bytes read at once, at the least; a file is never whole in memory."""
S3_TIMEOUT = timedelta(seconds=10)
_PROBE = "probe"


class FileStore(Protocol):
    def put(self, name: str, content: BinaryIO, *, media_type: str) -> None:
        """Keep ``content``, from where it stands to its end. Raises OSError, Unavailable; then nothing is kept."""
        ...

    def read(self, name: str) -> Iterator[bytes]:
        """The file, piece by piece. Raises FileNotFoundError at once, OSError, Unavailable."""
        ...

    def remove(self, name: str) -> None:
        """Delete the file, if it is there. Raises OSError, Unavailable."""
        ...

    def check(self) -> None:
        """Raise what writing and deleting would."""
        ...


def make_store(settings: Settings) -> FileStore:
    """The store of these settings. Nothing is connected or written yet."""
    if settings.s3_bucket is None:
        return FolderStore(settings.uploads_folder)
    return BucketStore(settings)


class FolderStore:
    """A folder that its owner alone can enter, outside of whatever is served as files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, content: BinaryIO, *, media_type: str) -> None:
        path = self._path(name)
        for folder in (self._folder, path.parent):
            make_private_folder(folder)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                shutil.copyfileobj(content, file, CHUNK)
                file.flush()
                os.fsync(file.fileno())  # the database will say that it is there
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def read(self, name: str) -> Iterator[bytes]:
        return _pieces(self._path(name).open("rb"))

    def remove(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def check(self) -> None:
        _write_and_remove(self)

    def _path(self, name: str) -> Path:
        return self._folder / name[-2:] / name  # the end of a name is random, its beginning is a time


class BucketStore:
    """A bucket, or the part of it below S3_PREFIX. Requests are signed (SigV4) and tried again by the client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: S3Store | None = None

    def put(self, name: str, content: BinaryIO, *, media_type: str) -> None:
        import obstore

        with _outages():
            obstore.put(self._store, name, content, attributes={"Content-Type": media_type})

    def read(self, name: str) -> Iterator[bytes]:
        import obstore

        with _outages():
            found = obstore.get(self._store, name)
        return (bytes(piece) for piece in found.stream(min_chunk_size=CHUNK))

    def remove(self, name: str) -> None:
        import obstore

        with _outages(), contextlib.suppress(FileNotFoundError):  # some stores say so, S3 does not
            obstore.delete(self._store, name)

    def check(self) -> None:
        _write_and_remove(self)

    @property
    def _store(self) -> "S3Store":
        if self._opened is None:
            from obstore.store import S3Store

            settings = self._settings
            keys: dict[str, Any] = {}  # without them the client looks for those of the machine it runs on
            if settings.s3_endpoint is not None:
                keys["endpoint"] = settings.s3_endpoint
            if settings.s3_access_key_id is not None and settings.s3_secret_access_key is not None:
                keys["access_key_id"] = settings.s3_access_key_id
                keys["secret_access_key"] = settings.s3_secret_access_key.get_secret_value()
            self._opened = S3Store(
                settings.s3_bucket,
                prefix=settings.s3_prefix or None,
                region=settings.s3_region,
                client_options={"allow_http": True, "timeout": S3_TIMEOUT, "connect_timeout": S3_TIMEOUT / 2},
                retry_config={"max_retries": 2, "retry_timeout": S3_TIMEOUT},
                **keys,
            )
        return self._opened


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(CHUNK):
            yield piece


def _write_and_remove(store: FileStore) -> None:
    store.put(_PROBE, io.BytesIO(b"ok"), media_type="text/plain")
    store.remove(_PROBE)


@contextlib.contextmanager
def _outages() -> Generator[None]:
    """What the client raises, as an outage; that a file is not there stays what it is."""
    from obstore.exceptions import BaseError

    try:
        yield
    except BaseError as fault:
        log.warning("store.failed", error=str(fault)[:300])
        raise Unavailable("The store of uploaded files does not answer. Try again shortly.") from fault
