"""The service's one clock: timezone-aware UTC, microsecond precision."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime


def utcnow() -> datetime:
    return datetime.now(UTC)


@contextlib.asynccontextmanager
async def in_steps(seconds: float) -> AsyncGenerator[None]:
    """Have the block take a whole number of steps, so that how long it works is not for a client to see."""
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        yield
    finally:
        await asyncio.sleep(seconds - (clock() - began) % seconds)
