"""Rate limits: exact in sum, fair to clients, in force with and without Redis."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx2
import pytest

from app.cache.redis import connect
from app.http import ratelimit
from app.http.errors import TooManyRequests
from app.http.ratelimit import Limit, RateLimiter, Verdict, client_key
from tests.backends import Backend, on_redis, on_sqlite
from tests.conftest import served, settings_for
from tests.servers import Redis


async def granted(limiter: RateLimiter, limit: Limit, key: str, tries: int) -> int:
    count = 0
    for _ in range(tries):
        try:
            await limiter.check(limit, key)
            count += 1
        except TooManyRequests:
            pass
    return count


async def test_a_window_admits_its_number_and_opens_again_when_it_ends(monkeypatch: pytest.MonkeyPatch):
    now = 50.0
    monkeypatch.setattr(ratelimit, "monotonic", lambda: now)
    limiter, limit = RateLimiter(None), Limit("l", 3, 10)
    assert await granted(limiter, limit, "a", 5) == 3
    assert await granted(limiter, limit, "b", 5) == 3
    now += 9.9
    with pytest.raises(TooManyRequests) as refused:
        await limiter.check(limit, "a")
    assert refused.value.headers["Retry-After"] == "1"
    now += 0.2
    assert await granted(limiter, limit, "a", 5) == 3


async def test_zero_means_no_limit():
    assert await granted(RateLimiter(None), Limit("l", 0, 10), "a", 1000) == 1000


@pytest.mark.parametrize("requests", [1, 5, 100, 1000])
async def test_workers_together_admit_no_more_than_the_limit_and_nearly_all_of_it(redis_address: str, requests: int):
    clients = [connect(redis_address) for _ in range(3)]
    limiters = [RateLimiter(client) for client in clients]
    limit = Limit(f"shared{requests}", requests, 30)
    counts = await asyncio.gather(*(granted(limiter, limit, "a", requests) for limiter in limiters))
    assert sum(counts) <= requests
    assert sum(counts) >= requests * 0.95 or requests == 1
    with pytest.raises(TooManyRequests) as refused:
        await limiters[0].check(limit, "a")
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 30
    for client in clients:
        await client.aclose()


async def burst(limiter: RateLimiter, limit: Limit, key: str, size: int) -> list[Verdict]:
    """The verdicts on ``size`` requests that ask at the same time."""

    async def one() -> Verdict:
        return limiter.decide(limit, key) or await limiter.ask(limit, key)

    return await asyncio.gather(*(one() for _ in range(size)))


@dataclass
class Run:
    """Bursts at several workers at once, from a window of which ``used`` are gone until nobody is served any more."""

    limiters: list[RateLimiter]
    limit: Limit
    chance: Random
    used: int = 0
    bursts: int = 0

    async def play(self, key: str) -> None:
        """Never more than the limit is served, and nobody refused before it, less one lease for each worker, is."""
        free = self.limit.requests - self.used
        earned = free - len(self.limiters) * (free // ratelimit.LEASE_SHARE)
        asked = served = 0
        while asked < free + 200:
            sizes = [self.chance.randint(0, max(free // 3, 20)) for _ in self.limiters]
            verdicts = await asyncio.gather(
                *(burst(limiter, self.limit, key, size) for limiter, size in zip(self.limiters, sizes, strict=True))
            )
            self.bursts += len(sizes)
            flat = [verdict for part in verdicts for verdict in part]
            asked += len(flat)
            served += sum(verdict.granted for verdict in flat)
            assert all(0 <= verdict.remaining < max(free, 1) for verdict in flat)
            assert min(asked, earned) <= served <= free


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("requests", [10, 100, 1000, 20_000])
async def test_bursts_within_the_limit_are_served_whichever_workers_they_reach(
    redis_address: str, requests: int, workers: int
):
    clients = [connect(f"{redis_address}?socket_timeout=60") for _ in range(workers)]  # however busy the machine is
    limit = Limit(f"bursts{requests}-{workers}", requests, 600)
    await Run([RateLimiter(client) for client in clients], limit, Random(requests * workers)).play("a")
    for client in clients:
        await client.aclose()


@pytest.mark.fuzz
@pytest.mark.timeout(3_600)
async def test_ten_thousand_bursts_under_limits_from_ten_to_a_million(redis_address: str):
    chance, bursts, round_number = Random(20_261_130), 0, 0
    clients = [connect(f"{redis_address}?socket_timeout=60") for _ in range(4)]
    while bursts < 10_000:
        round_number += 1
        requests = round(10 ** chance.uniform(1, 6))
        used = max(requests - chance.randint(1, 4_000), 0)  # the rest was used by others, or before
        limit = Limit(f"fuzz{round_number}", requests, 600)
        if used:
            await clients[0].set(f"limit:{limit.name}:a", used, px=600_000)
        run = Run([RateLimiter(client) for client in clients[: chance.randint(1, 4)]], limit, chance, used)
        await run.play("a")
        bursts += run.bursts
    print(f"{bursts} bursts under {round_number} limits")
    for client in clients:
        await client.aclose()


async def test_a_burst_at_one_worker_leaves_the_rest_of_the_window_to_the_others(redis_address: str):
    clients = [connect(redis_address) for _ in range(2)]
    first, second = [RateLimiter(client) for client in clients]
    limit = Limit("rest", 100, 60)
    assert all(verdict.granted for verdict in await burst(first, limit, "a", 60))
    assert sum(verdict.granted for verdict in await burst(second, limit, "a", 60)) >= 100 - 60 - 2
    for client in clients:
        await client.aclose()


async def test_requests_cancelled_while_they_ask_use_nothing_up(redis_address: str):
    client = connect(redis_address)
    limiter, limit = RateLimiter(client), Limit("cancelled", 10, 60)
    asking = [asyncio.ensure_future(limiter.ask(limit, "a")) for _ in range(8)]
    await asyncio.sleep(0)
    for request in asking[:5]:
        request.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert sum(verdict.granted for verdict in await burst(limiter, limit, "a", 10)) == 7
    await client.aclose()


async def test_when_redis_dies_under_a_burst_the_process_counts_on_alone():
    server = Redis()
    server.start()
    client = connect(server.url())
    limiter, limit = RateLimiter(client), Limit("dies", 50, 60)
    await asyncio.to_thread(server.kill)
    assert sum(verdict.granted for verdict in await burst(limiter, limit, "a", 80)) == 50
    await client.aclose()
    server.stop()


async def test_without_redis_each_process_goes_on_counting_for_itself():
    server = Redis()
    server.start()
    client = connect(server.url())
    limiter, limit = RateLimiter(client), Limit("l", 5, 60)
    assert await granted(limiter, limit, "a", 2) == 2
    await asyncio.to_thread(server.kill)
    assert await granted(limiter, limit, "a", 10) == 3
    await asyncio.to_thread(server.start)
    await asyncio.sleep(ratelimit.RETRY_REDIS_AFTER + 0.1)
    assert await granted(limiter, limit, "b", 10) == 5
    await client.aclose()
    server.stop()


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_a_client_is_an_address_or_the_network_it_chooses_addresses_from(address: str, key: str):
    assert client_key(address) == key


@on_sqlite
async def test_the_answer_tells_what_is_left_and_when_to_come_back(backend: Backend, tmp_path: Any):
    async with served(settings_for(backend, data_dir=tmp_path, rate_limit_requests=3)) as client:
        answers = [await client.get("/api/v1/auth/oidc/providers") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers[:3]] == ["2", "1", "0"]
        refusal = answers[3]
        assert refusal.headers["content-type"] == "application/problem+json"
        assert 1 <= int(refusal.headers["retry-after"]) <= 60
        assert refusal.headers["ratelimit-limit"] == "3"
        assert refusal.headers["x-request-id"] == refusal.json()["request_id"]
        for path in ("/health", "/health/ready", "/metrics", "/api/v1/docs"):
            assert (await client.get(path)).status_code == 200


@on_redis
async def test_two_workers_share_one_limit(backend: Backend, tmp_path: Any):
    settings = settings_for(backend, data_dir=tmp_path, rate_limit_requests=10)
    async with served(settings) as first, served(settings) as second:
        answers = [await client.get("/api/v1/auth/oidc/providers") for client in (first, second) * 10]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 10


@on_sqlite
async def test_a_forwarded_address_counts_only_behind_a_trusted_proxy(backend: Backend, tmp_path: Any):
    async def statuses(client: httpx2.AsyncClient) -> list[int]:
        headers = [{"X-Forwarded-For": f"203.0.113.{number}, 10.0.0.9"} for number in range(4)]
        return [(await client.get("/api/v1/auth/oidc/providers", headers=sent)).status_code for sent in headers]

    untrusting = settings_for(backend, data_dir=tmp_path, rate_limit_requests=2)
    trusting = settings_for(
        backend, data_dir=tmp_path, rate_limit_requests=2, trusted_proxies=["127.0.0.1", "10.0.0.0/8"]
    )
    async with served(untrusting) as client:
        assert await statuses(client) == [200, 200, 429, 429]
    async with served(trusting) as client:
        assert await statuses(client) == [200] * 4
