"""The service's one clock: timezone-aware UTC, microsecond precision."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime


def utcnow() -> datetime:
    return datetime.now(UTC)


@contextlib.asynccontextmanager
async def in_steps(seconds: float) -> AsyncGenerator[None]:
    """Make the block take a whole number of steps, so that a client cannot see how long its work took."""
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        yield
    finally:
        await asyncio.sleep(seconds - (clock() - began) % seconds)
