"""Readiness while this process lacks CPU: an answer that it was too busy to look at is not a missing one."""

import asyncio
import time

from app.api import health
from app.resources import Resources
from tests.backends import on_sqlite


@on_sqlite
async def test_a_server_that_answers_a_busy_process_is_there(app):
    resources: Resources = app.state.resources

    async def slow(_: Resources) -> str:
        for _step in range(8):
            await asyncio.sleep(health.CHECK_TIMEOUT / 50)
        return "ok"

    async def busy() -> None:
        while True:
            time.sleep(health.CHECK_TIMEOUT / 5)  # noqa: ASYNC251  # the lack of CPU
            await asyncio.sleep(0)

    async def silent(_: Resources) -> str:
        await asyncio.Event().wait()
        return "ok"

    hog = asyncio.create_task(busy())
    try:
        assert await health.state_of(slow, resources) == "ok"
    finally:
        hog.cancel()
    assert "does not answer" in await health.state_of(silent, resources)
