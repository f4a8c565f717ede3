"""Images of one application: prepared, kept and read in threads of their own, a few at a time."""

from collections.abc import AsyncIterator
from functools import partial
from typing import BinaryIO, NamedTuple
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import iterate_in_threadpool

from app.storage.pictures import Picture, prepare
from app.storage.store import FileStore

PREPARED_AT_ONCE = 1
"""Per process: each takes a core, and up to a hundred megabytes."""
KEPT_AT_ONCE = 8


class ImageFile(NamedTuple):
    """What has to be known of a file to send it."""

    id: UUID
    media_type: str
    byte_size: int


class Images:
    def __init__(self, store: FileStore) -> None:
        self._store = store
        self._preparing = CapacityLimiter(PREPARED_AT_ONCE)
        self._keeping = CapacityLimiter(KEPT_AT_ONCE)

    async def prepare(self, source: BinaryIO, *, side: int) -> Picture:
        """See :func:`app.storage.pictures.prepare`. Waits for its turn. Raises NotAPicture."""
        return await to_thread.run_sync(partial(prepare, source, side=side), limiter=self._preparing)

    async def keep(self, id_: UUID, picture: Picture) -> None:
        """Raises OSError, Unavailable."""
        put = partial(self._store.put, file_name(id_), picture.content, media_type=picture.media_type)
        await to_thread.run_sync(put, limiter=self._keeping)

    async def read(self, id_: UUID) -> AsyncIterator[bytes]:
        """Raises FileNotFoundError at once, OSError, Unavailable."""
        return iterate_in_threadpool(await to_thread.run_sync(self._store.read, file_name(id_)))


def file_name(id_: UUID) -> str:
    """What the file of an image is called in the store."""
    return id_.hex
