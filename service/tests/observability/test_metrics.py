"""What Prometheus reads: true of one worker, and of several together."""

import asyncio
import os
import re
import signal
from collections.abc import Callable

import httpx2
import psutil

from app.config import Settings
from app.database.engine import Database
from app.main import create_app
from tests.backends import on_postgres, on_redis
from tests.conftest import client_of
from tests.factories import PASSWORD, Accounts
from tests.live import LiveService, wait_until
from tests.servers import status_of


def value(text: str, name: str, **labels: str) -> float:
    """The sum of a metric's samples that carry these labels."""
    samples = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", text, re.MULTILINE)
    wanted = {f'{key}="{label}"' for key, label in labels.items()}
    return sum(float(number) for found, number in samples if wanted <= set(found.split(",")))


async def scraped(client: httpx2.AsyncClient) -> str:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    return answer.text


@on_postgres
async def test_refused_sign_ins_are_counted_by_reason(client: httpx2.AsyncClient, accounts: Accounts):
    user, gone = await accounts.row(), await accounts.row(is_active=False)
    for name, password in ((user.email, "Wrong7@password"), ("nobody@example.org", "x"), (gone.email, PASSWORD)):
        await client.post("/api/v1/auth/login", data={"username": name, "password": password})
    await client.post("/api/v1/auth/login?cookies=true", data={"username": user.email, "password": PASSWORD})
    once = {"refresh_token": (await accounts.user()).refresh_token}
    for _ in range(2):
        await client.post("/api/v1/auth/refresh", json=once)
    text = await scraped(client)
    for reason in ("wrong_password", "unknown_user", "deactivated", "cross_site", "replayed_token"):
        assert value(text, "login_failures_total", reason=reason) == 1
    assert user.email not in text


@on_postgres
async def test_a_cached_answer_is_a_hit_and_the_first_one_a_miss(client: httpx2.AsyncClient, accounts: Accounts):
    post = await accounts.post(await accounts.user())
    for _ in range(3):
        await client.get(f"/api/v1/posts/{post.id}")
    text = await scraped(client)
    assert value(text, "cache_requests_total", region="items", result="miss") == 1
    assert value(text, "cache_requests_total", region="items", result="hit") == 2


@on_postgres
async def test_who_waits_for_a_connection_is_counted_with_the_time_it_took(settings: Settings):
    tight = settings.model_copy(update={"database_pool_size": 1, "database_max_overflow": 0})
    application = create_app(tight)
    database: Database = application.state.resources.database
    async with application.router.lifespan_context(application), client_of(application) as client:
        await asyncio.gather(*(database.reader.records("SELECT pg_sleep(0.1)", ()) for _ in range(3)))
        async with database.session() as session:
            await session.connection()
            waiting = asyncio.create_task(written(database))
            await asyncio.sleep(0.1)
            text = await scraped(client)
            assert value(text, "database_pool_in_use", pool="writer") == 1
        await waiting
        text = await scraped(client)
    assert value(text, "database_pool_size", pool="reader") == 1
    assert value(text, "database_pool_in_use", pool="writer") == 0
    assert value(text, "database_pool_waits_total", pool="reader") == 2
    assert 0.25 < value(text, "database_pool_wait_seconds_total", pool="reader") < 1
    assert value(text, "database_pool_waits_total", pool="writer") == 1
    assert value(text, "database_pool_wait_seconds_total", pool="writer") > 0.05


async def written(database: Database) -> None:
    async with database.session() as session:
        await session.connection()


@on_redis
def test_two_workers_are_one_service_and_a_killed_one_leaves_no_gauge_behind(
    live_service: Callable[..., LiveService],
):
    service = live_service(workers=2)

    def metrics() -> str:
        return httpx2.get(f"{service.url}/metrics", timeout=30).text

    for _ in range(40):  # every request on a connection of its own: both workers get some
        status_of(f"{service.url}/health")
    assert value(metrics(), "http_request_duration_seconds_count", route="/health") == 40
    one_worker = value(metrics(), "database_pool_size", pool="reader") / 2
    assert one_worker >= 1
    assert service.process is not None
    served_by = psutil.Process(service.process.pid)
    victim = max(served_by.children(), key=lambda child: child.create_time())
    os.kill(victim.pid, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(victim.pid) and len(served_by.children()) >= 2)
    wait_until(service.is_ready)
    wait_until(lambda: value(metrics(), "database_pool_size", pool="reader") == 2 * one_worker)
    assert value(metrics(), "http_request_duration_seconds_count", route="/health") == 40, "a counter never falls"
