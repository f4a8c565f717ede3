"""The cache: bounded, never stale beyond its promise, harmless when Redis is gone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis as redis_client
from redis.asyncio.client import PubSub

from app.cache import cache as cache_module
from app.cache.cache import Cache, Region
from app.cache.redis import connect
from tests.servers import Redis

KEPT_SECONDS = 120
"""How long values live that nobody forgets: what is waited for comes from elsewhere, and sooner."""


class Bytes:
    """Values that are bytes already."""

    def __init__(self, form: str = "plain") -> None:
        self.form = form

    def encode(self, value: bytes) -> bytes:
        return value

    def decode(self, data: bytes) -> bytes:
        return data


@pytest.fixture(scope="module")
def own_redis() -> Any:
    """A Redis that these tests may kill."""
    server = Redis()
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def worker(redis: Redis, *, form: str = "plain") -> AsyncIterator[tuple[Cache, Region[bytes]]]:
    """What one worker has: a cache with a shared region, listening."""
    client = connect(redis.url())
    cache = Cache(client)
    region = cache.region("things", ttl=KEPT_SECONDS, max_entries=100, codec=Bytes(form))
    await cache.start()
    await until(lambda: cache.connected)
    yield cache, region
    await cache.stop()
    await client.aclose()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(KEPT_SECONDS / 2):
        while not true():  # noqa: ASYNC110  # what is waited for is another process's doing
            await asyncio.sleep(0.01)


def region_of(**options: Any) -> Region[Any]:
    return Cache(None).region("r", **{"ttl": 60, "max_entries": 3, **options})


async def test_the_least_recently_used_entry_goes_first():
    region = region_of()
    for key in "abc":
        region.put(key, key, epoch=region.epoch)
    assert region.get("a") == "a"
    region.put("d", "d", epoch=region.epoch)
    assert [region.get(key) for key in "abcd"] == ["a", None, "c", "d"]


async def test_weight_is_bounded_and_one_heavy_value_does_not_empty_the_region():
    region = region_of(max_entries=100, max_weight=80, weigh=len)
    for key in "abcdefghij":
        region.put(key, "x" * 10, epoch=region.epoch)
    assert len(region) == 8
    region.put("heavy", "x" * 11, epoch=region.epoch)
    assert region.get("heavy") is None
    assert len(region) == 8


async def test_a_value_read_before_an_invalidation_is_not_stored_after_it():
    region = region_of()
    epoch = region.epoch
    await region.invalidate("k")
    region.put("k", "stale", epoch=epoch)
    assert region.get("k") is None


async def test_without_redis_nothing_is_trusted_for_more_than_a_second(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr(cache_module, "monotonic", lambda: now)
    region = region_of()
    region.put("k", "v", epoch=region.epoch)
    now += 0.99
    assert region.get("k") == "v"
    now += 0.02
    assert region.get("k") is None


async def test_one_reader_renews_a_value_while_the_others_still_get_it(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr(cache_module, "monotonic", lambda: now)
    region = region_of(renewed=True)
    region.put("a", "old", epoch=region.epoch)
    made = asyncio.Event()

    async def make() -> tuple[str, float | None]:
        await made.wait()
        return "new", None

    now += 0.24
    assert [region.get("a") for _ in range(3)] == ["old"] * 3
    now += 0.02
    assert [region.get("a") for _ in range(3)] == [None, "old", "old"]
    renewal = asyncio.create_task(region.load("a", make))
    await asyncio.sleep(0)
    assert region.get("a") == "old"
    made.set()
    assert await renewal == region.get("a") == "new"
    now += 0.26
    assert region.get("a") is None, "whose turn it was to renew it has gone away"
    assert region.get("a") == "new"
    now += 0.75
    assert [region.get("a") for _ in range(2)] == [None, None], "nothing is trusted for more than a second"


async def test_callers_that_miss_together_load_once_and_those_after_an_invalidation_load_anew():
    region = region_of()
    loads = 0
    begun, go = asyncio.Event(), asyncio.Event()

    async def load() -> tuple[int, None]:
        nonlocal loads
        loads += 1
        mine = loads
        begun.set()
        await go.wait()
        return mine, None

    early = [asyncio.create_task(region.load("k", load)) for _ in range(5)]
    await begun.wait()
    await region.invalidate("k")
    late = asyncio.create_task(region.load("k", load))
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*early) == [1] * 5
    assert await late == 2
    assert region.get("k") == 2


async def test_a_failed_load_fails_for_everyone_and_is_tried_again():
    region = region_of()

    async def fail() -> tuple[str, None]:
        raise RuntimeError("no")

    async def succeed() -> tuple[str, None]:
        return "yes", None

    results = await asyncio.gather(*(region.load("k", fail) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [RuntimeError] * 3
    assert await region.load("k", succeed) == "yes"


async def test_a_caller_that_gives_up_does_not_take_the_load_with_it():
    region = region_of()
    go = asyncio.Event()

    async def load() -> tuple[str, None]:
        await go.wait()
        return "v", None

    first, second = (asyncio.create_task(region.load("k", load)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    go.set()
    assert await second == "v"


async def test_an_invalidation_reaches_the_other_worker_though_its_value_would_live_long(own_redis: Redis):
    async with worker(own_redis) as (_, here), worker(own_redis) as (_, there):
        for region in (here, there):
            region.put("kept", b"1", epoch=region.epoch)
            region.put("gone", b"1", epoch=region.epoch)
        await here.invalidate("gone")
        assert here.get("gone") is None
        await until(lambda: there.get("gone") is None)
        assert there.get("kept") == here.get("kept") == b"1"
        await here.invalidate_all()
        assert here.get("kept") is None
        await until(lambda: there.get("kept") is None)


async def test_workers_share_values_until_one_invalidates(own_redis: Redis):
    made = 0

    async def load() -> tuple[bytes, None]:
        nonlocal made
        made += 1
        return b"%d" % made, None

    async with worker(own_redis) as (_, here), worker(own_redis) as (_, there):
        assert await here.load("k", load) == b"1"
        assert await there.load("k", load) == b"1"
        await there.invalidate_all()
        assert await there.load("k", load) == b"2"
        await until(lambda: here.get("k") is None)
        assert await here.load("k", load) in {b"2", b"3"}  # 3 if it asked before it knew the new generation


async def test_while_versions_are_exchanged_each_reads_what_was_left_in_its_own_form(own_redis: Redis):
    async def load(value: bytes) -> tuple[bytes, None]:
        return value, None

    async with (
        worker(own_redis) as (_, old),
        worker(own_redis, form="newer") as (_, new),
        worker(own_redis, form="newer") as (_, another),
    ):
        assert await old.load("page", lambda: load(b"as it was")) == b"as it was"
        assert await new.load("page", lambda: load(b"as it will be")) == b"as it will be"
        assert await another.load("page", lambda: load(b"made anew")) == b"as it will be"
        await old.invalidate_all()
        await until(lambda: new.get("page") is None)


async def test_after_an_outage_nothing_from_before_is_trusted_and_what_could_not_be_said_is_said(own_redis: Redis):
    async with worker(own_redis) as (cache, here), worker(own_redis) as (other, there):
        there.put("k", b"old", epoch=there.epoch)
        await asyncio.to_thread(own_redis.kill)
        await here.invalidate("k")
        await until(lambda: there.get("k") is None)  # distrusted, though it was never told
        there.put("k2", b"read meanwhile", epoch=there.epoch)
        await asyncio.to_thread(own_redis.start)
        await until(lambda: cache.connected and other.connected)
        assert there.get("k2") is None
        there.put("k", b"new", epoch=there.epoch)
        await asyncio.sleep(1.2)
        assert there.get("k") == b"new"  # trusted again beyond the second that it is without Redis


async def test_a_redis_that_hangs_is_left_alone_after_one_wait(own_redis: Redis, monkeypatch: pytest.MonkeyPatch):
    async def load() -> tuple[bytes, None]:
        return b"v", None

    async with worker(own_redis) as (cache, region):
        with redis_client.Redis.from_url(own_redis.url()) as hand:
            hand.client_pause(3000, all=True)  # it takes every command and answers none
        failures = 0

        def failed() -> None:
            nonlocal failures
            failures += 1

        monkeypatch.setattr(cache, "_on_failure", failed)
        for number in range(50):
            assert await region.load(f"k{number}", load) == b"v"
        assert failures < 10, "it is asked once and then left alone, not fifty times"
        await until(lambda: cache.connected)


async def test_stopping_ends_the_listener_though_its_cancellation_is_lost(
    own_redis: Redis, monkeypatch: pytest.MonkeyPatch
):
    """redis-py's timeouts can swallow a cancellation that arrives as they expire."""
    get_message = PubSub.get_message
    lost = 0

    async def swallowing(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal lost
        try:
            return await get_message(self, *arguments, **options)
        except asyncio.CancelledError:
            if lost:
                raise
            lost += 1
            return None

    monkeypatch.setattr(PubSub, "get_message", swallowing)
    async with asyncio.timeout(KEPT_SECONDS), worker(own_redis):
        await asyncio.sleep(0)
    assert lost
