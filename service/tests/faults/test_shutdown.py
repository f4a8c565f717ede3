"""Ending the service: what was accepted is answered, what was counted is written down."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import text

from app.core.config import Settings
from app.core.database import Database
from tests.backends import on_both_databases, on_redis
from tests.factories import PASSWORD, Accounts
from tests.live import LiveService


@pytest.fixture
async def database(settings: Settings):
    made = Database(settings)
    yield made
    await made.close()


@on_both_databases
async def test_views_are_flushed_when_the_service_ends(live_service: Callable[..., LiveService], database: Database):
    service = live_service()
    async with service.client() as client:
        accounts = Accounts(database, client)
        author = await accounts.user()
        post = await accounts.post(author)
        for _ in range(25):
            assert (await client.get(f"/api/v1/posts/{post.id}")).status_code == 200
    await asyncio.to_thread(service.stop)
    async with database.session() as session:
        counted = await session.execute(text("SELECT view_count FROM posts WHERE id = :id"), {"id": post.id})
        assert counted.scalar_one() == 25


@on_redis
@pytest.mark.parametrize("workers", [1, 2])
async def test_no_accepted_request_is_cut_by_a_shutdown(
    live_service: Callable[..., LiveService], database: Database, workers: int
):
    service = live_service(workers=workers)
    async with service.client() as client:
        user = await Accounts(database, client).row()
        form = {"username": user.email, "password": PASSWORD}
        logins = [asyncio.create_task(client.post("/api/v1/auth/login", data=form)) for _ in range(24)]
        done, _ = await asyncio.wait(logins, return_when=asyncio.FIRST_COMPLETED)
        assert done
        await asyncio.to_thread(service.stop)
        answers = await asyncio.gather(*logins, return_exceptions=True)
    # A connection that was refused was never accepted; one that broke after it was accepted is what must not happen.
    cut = [answer for answer in answers if isinstance(answer, (httpx.ReadError, httpx.RemoteProtocolError))]
    assert not cut
    assert all(answer.status_code == 200 for answer in answers if isinstance(answer, httpx.Response))
