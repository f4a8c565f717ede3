"""A value that is read now and then, and shared meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class TTLValue(Generic[T]):
    """What ``read`` returns. Callers who need it at the same time wait for one reading, and fail with it."""

    def __init__(self, read: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._read = read
        self._reading: asyncio.Task[T] | None = None
        self._value: tuple[float, T] | None = None

    async def get(self, *, max_age: float) -> T:
        """The value, read again when it is older than ``max_age`` seconds."""
        if self._value is not None and monotonic() - self._value[0] < max_age:
            return self._value[1]
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        value = await asyncio.shield(self._reading)  # a caller who gives up must not cancel it for the others
        self._value = (monotonic(), value)
        return value
