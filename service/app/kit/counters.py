"""Counts collected in memory and written in batches: a row updated on every read would be a lock on every read."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

import structlog

from app.kit.background import end

log = structlog.get_logger(__name__)

FLUSH_INTERVAL = 1.0

K = TypeVar("K", bound=Hashable)


class BufferedCounter(Generic[K]):
    """Adds up increments by key; ``write`` stores a batch ``{key: increment}`` (all of it or nothing).

    What could not be written is kept and tried again. :meth:`stop` writes the rest: a clean shutdown loses nothing, a
    crash loses at most :data:`FLUSH_INTERVAL` seconds.
    """

    def __init__(self, write: Callable[[Mapping[K, int]], Awaitable[None]]) -> None:
        self._write = write
        self._pending: Counter[K] = Counter()
        self._writing: Counter[K] = Counter()
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def add(self, key: K) -> None:
        self._pending[key] += 1

    def pending(self, key: K) -> int:
        """What the stored count does not hold yet, as far as this process knows."""
        return self._pending[key] + self._writing[key]

    async def flush(self) -> None:
        """Write what is pending now, and wait for a write under way."""
        if not self._pending and not self._lock.locked():
            return
        async with self._lock:
            if not self._pending:
                return
            self._writing, self._pending = self._pending, Counter()
            try:
                await self._write(self._writing)
            except BaseException:
                self._pending.update(self._writing)
                raise
            finally:
                self._writing = Counter()

    async def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._flush_forever(), name="counter-flush")

    async def stop(self) -> None:
        """Stop the timer and write the rest. A database that is down now is logged, with what is lost."""
        if self._task is not None:
            await end(self._task)
            self._task = None
        try:
            await self.flush()
        except Exception as error:
            log.error("counters.lost", counts=self._pending.total(), error=type(error).__name__)

    async def _flush_forever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_INTERVAL)
            try:
                await self.flush()
            except Exception as error:
                log.warning("counters.flush_failed", error=type(error).__name__)
