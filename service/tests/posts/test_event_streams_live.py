"""Event streams of the real process: many at once, through a proxy, to the end of the service."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import httpx2
import pytest

from app.config import Settings
from app.database.engine import Database
from tests.backends import on_redis, on_sqlite
from tests.factories import Accounts
from tests.live import LiveService, wait_until
from tests.proxies import Nginx
from tests.servers import answer_of
from tests.streams import Event, followed_live

FEED = "/api/v1/posts/events"
MANY = 200
DRAFT = {"title": "Told", "content": "To everybody.", "status": "published"}


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    made = Database(settings)
    yield made
    await made.close()


def measured(service: LiveService, name: str) -> float:
    """A metric of all workers."""
    _, text = answer_of(f"{service.url}/metrics") or (0, "")
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@on_redis
async def test_two_hundred_streams_hold_no_connection_hear_every_write_and_end_with_the_service(
    live_service: Callable[..., LiveService], database: Database
):
    """Two workers whose pools have one connection each: a stream that kept one would leave none for anybody."""
    one = {"database_pool_size": 1, "database_max_overflow": 0}
    service = live_service(workers=2, event_streams_per_client=MANY, **one)
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    async with (
        service.client() as client,
        httpx2.AsyncClient(base_url=service.url, limits=limits, timeout=60) as follower,
        AsyncExitStack() as opened,
    ):
        author = await Accounts(database, client).user()
        opening = (opened.enter_async_context(followed_live(follower, FEED, author.headers)) for _ in range(MANY))
        streams = await asyncio.gather(*opening)
        for stream in streams:
            assert (await stream.next()).name == "ready"  # type: ignore[union-attr]
        await asyncio.to_thread(wait_until, lambda: measured(service, "event_streams_open") == MANY)
        for pool in ("reader", "writer"):
            busy = f'database_pool_in_use{{pool="{pool}"}}'
            await asyncio.to_thread(wait_until, lambda busy=busy: measured(service, busy) == 0)
        answer = await client.post("/api/v1/posts", json=DRAFT, headers=author.headers)
        assert answer.status_code == 201
        for stream in streams:
            told = await stream.next()
            assert told is not None
            assert (told.name, told.data["post_id"]) == ("post.added", answer.json()["id"])
        ending = asyncio.create_task(asyncio.to_thread(end, service))
        for stream in streams:
            assert await stream.rest() == [Event("end", {"reason": "shutdown"})]
        assert "refused to gracefully stop" not in await ending


def end(service: LiveService) -> str:
    """What a service has logged once it is told to end and has."""
    assert service.process is not None
    service.process.terminate()
    service.process.wait(60)
    return service.log()


@pytest.fixture
def behind_nginx(live_service: Callable[..., LiveService]) -> Iterator[tuple[LiveService, Nginx]]:
    """A service that gives a connection one second to say something, behind a proxy that gathers what it can."""
    service = live_service(keep_alive_seconds=1, body_seconds=1, event_heartbeat_seconds=1, trusted_proxies="127.0.0.1")
    nginx = Nginx(service=service.port)
    nginx.start()
    yield service, nginx
    nginx.stop()


@on_sqlite
async def test_a_stream_outlives_every_time_limit_and_passes_a_proxy_at_once(
    behind_nginx: tuple[LiveService, Nginx], database: Database
):
    service, nginx = behind_nginx
    async with service.client() as client, httpx2.AsyncClient(base_url=nginx.url, timeout=30) as through:
        author = await Accounts(database, client).user()
        async with followed_live(through, FEED) as stream, followed_live(client, FEED) as direct:
            for each in (stream, direct):
                assert (await each.any()).name == "ready"  # type: ignore[union-attr]
                assert [await each.any() for _ in range(3)] == [Event(None, "ping")] * 3
            answer = await client.post("/api/v1/posts", json=DRAFT, headers=author.headers)
            assert answer.status_code == 201
            for each in (stream, direct):
                assert (await each.next()).data["post_id"] == answer.json()["id"]  # type: ignore[union-attr]
        head = await through.head(FEED)
        assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        # Who has left is noticed, behind a proxy too.
        await asyncio.to_thread(wait_until, lambda: measured(service, "event_streams_open") == 0)
