"""PostgreSQL and Redis killed under load and restarted: clear refusals meanwhile, nothing committed is lost.

Nobody waits for an answer beyond the clients' own patience (`LiveService.client`): one that never comes is an error.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import psycopg
import pytest

from app.database.engine import Database
from app.database.migrations import upgrade
from tests.backends import Backend
from tests.conftest import SECRET_KEY, settings_for
from tests.factories import Account, Accounts
from tests.live import LiveService, wait_until
from tests.servers import Postgres, Redis
from tests.streams import Stream, followed_live

ENOUGH = 10
"""Answers of a kind after which it is believed."""


@dataclass
class Deployment:
    """The service and servers of its own, which may be killed."""

    postgres: Postgres
    redis: Redis
    service: LiveService
    backend: Backend


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    postgres, redis = Postgres(durable=True), Redis()
    postgres.start()
    redis.start()
    folder = tmp_path_factory.mktemp("deployed")
    backend = Backend(name="postgres+redis", database_url=postgres.url(), redis_url=redis.url())
    upgrade(settings_for(backend, data_dir=folder))
    service = LiveService(backend, data_dir=folder, workers=2, secret_key=SECRET_KEY, environment={})
    service.start()
    try:
        yield Deployment(postgres, redis, service, backend)
    finally:
        for server in (service, redis, postgres):
            server.stop()


@pytest.fixture
def deployment(deployed: Deployment) -> Deployment:
    """All of it running, whatever the test before has left."""
    for server in (deployed.postgres, deployed.redis, deployed.service):
        if server.process is None:
            server.start()
    wait_until(deployed.service.is_ready)
    return deployed


@asynccontextmanager
async def people(deployment: Deployment, tmp_path: Path) -> AsyncIterator[Accounts]:
    database = Database(settings_for(deployment.backend, data_dir=tmp_path))
    async with deployment.service.client() as client:
        try:
            yield Accounts(database, client)
        finally:
            await database.close()


@dataclass
class Traffic:
    """Readers and writers that never stop asking, and what they were told."""

    client: httpx2.AsyncClient
    author: Account
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    acknowledged: list[int] = field(default_factory=list)
    not_problems: list[str] = field(default_factory=list)
    stopped: bool = False

    async def write(self, name: str) -> None:
        for number in range(10_000):
            if self.stopped:
                return
            body = {"title": f"{name} {number}", "content": "written under load", "status": "published"}
            answer = await self.ask("write", "POST", "/api/v1/posts", json=body, headers=self.author.headers)
            if answer.status_code == 201:
                self.acknowledged.append(answer.json()["id"])

    async def read(self, path: str, headers: dict[str, str]) -> None:
        while not self.stopped:
            await self.ask("read", "GET", path, headers=headers)

    async def ask(self, kind: str, method: str, path: str, **options: object) -> httpx2.Response:
        answer = await self.client.request(method, path, **options)  # type: ignore[arg-type]
        self.statuses[kind, answer.status_code] += 1
        if answer.status_code >= 400 and answer.headers["content-type"] != "application/problem+json":
            self.not_problems.append(answer.text[:200])
        await asyncio.sleep(0.005)
        return answer

    async def more(self, count: Callable[[], int]) -> None:
        """Return once there is enough more of what is counted."""
        enough = count() + ENOUGH
        await asyncio.to_thread(wait_until, lambda: count() >= enough)

    def written(self) -> int:
        return len(self.acknowledged)

    def refused(self) -> int:
        return self.statuses["write", 503]

    def read_by_now(self) -> int:
        return self.statuses["read", 200]

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator["Traffic"]:
        async with asyncio.TaskGroup() as tasks:
            for number in range(3):
                tasks.create_task(self.write(f"writer {number}"))
            for path in ("/api/v1/posts", "/api/v1/tags"):
                tasks.create_task(self.read(path, {}))
            for path in ("/api/v1/auth/me", "/api/v1/posts"):
                tasks.create_task(self.read(path, self.author.headers))
            try:
                yield self
            finally:
                self.stopped = True


def errors_of(service: LiveService, traffic: Traffic) -> str:
    lines = service.log().splitlines()
    loud = [f"{line}\n" + "\n".join(lines[at + 1 : at + 40]) for at, line in enumerate(lines) if "[error" in line]
    return f"{traffic.statuses}\n" + "\n".join(loud[:3])


async def readiness(client: httpx2.AsyncClient) -> httpx2.Response:
    return await client.get("/health/ready")


async def test_postgres_killed_under_load_is_a_clear_503_and_loses_nothing_committed(
    deployment: Deployment, tmp_path: Path
):
    async with people(deployment, tmp_path) as accounts, deployment.service.client() as client:
        author = await accounts.user()
        async with Traffic(client, author).flowing() as traffic:
            await traffic.more(traffic.written)
            await asyncio.to_thread(deployment.postgres.kill)
            await traffic.more(traffic.refused)
            ready = await readiness(client)
            assert ready.status_code == 503
            assert "database" in ready.text
            assert (await client.get("/health/live")).status_code == 200
            await asyncio.to_thread(deployment.postgres.start)
            await asyncio.to_thread(wait_until, deployment.service.is_ready)
            await traffic.more(traffic.written)
    assert {status for _, status in traffic.statuses} <= {200, 201, 503}, errors_of(deployment.service, traffic)
    assert not traffic.not_problems
    with psycopg.connect(deployment.postgres.url()) as connection:
        rows = connection.execute("SELECT id FROM posts WHERE title LIKE 'writer %%'").fetchall()
    kept = [row[0] for row in rows]
    assert set(traffic.acknowledged) <= set(kept)
    assert len(kept) == len(set(kept))


async def test_redis_killed_under_load_is_slower_answers_and_nothing_else(deployment: Deployment, tmp_path: Path):
    async with people(deployment, tmp_path) as accounts, deployment.service.client() as client:
        author, user = await accounts.user(), await accounts.user()
        admin = await accounts.admin()
        async with (
            Traffic(client, author).flowing() as traffic,
            followed_live(client, "/api/v1/posts/events") as stream,
        ):
            await traffic.more(traffic.written)
            await asyncio.to_thread(deployment.redis.kill)
            await told_of_posts_after(traffic.acknowledged[-1], stream)
            await traffic.more(traffic.read_by_now)
            ready = await readiness(client)
            assert ready.status_code == 503
            assert "redis" in ready.text.lower()
            await end_access(client, admin, user)
            await asyncio.sleep(1.1)  # no word can pass between the workers now: each must look for itself
            refused = {(await client.get("/api/v1/auth/me", headers=user.headers)).status_code for _ in range(30)}
            assert refused == {401}
            await asyncio.to_thread(deployment.redis.start)
            await asyncio.to_thread(wait_until, deployment.service.is_ready)
            await traffic.more(traffic.written)
            await told_of_posts_after(traffic.acknowledged[-1], stream)
    assert {status for _, status in traffic.statuses} <= {200, 201}, errors_of(deployment.service, traffic)


async def told_of_posts_after(post_id: int, stream: Stream) -> None:
    told = 0
    while told <= post_id:
        event = await stream.next()
        assert event is not None
        told = event.data.get("post_id", 0)


async def end_access(client: httpx2.AsyncClient, admin: Account, user: Account) -> None:
    answer = await client.patch(f"/api/v1/users/{user.id}/access", json={"is_active": False}, headers=admin.headers)
    assert answer.status_code == 200, answer.text


async def test_a_service_started_while_postgres_is_down_serves_once_it_is_up(deployment: Deployment, tmp_path: Path):
    deployment.service.kill()
    deployment.postgres.kill()
    await asyncio.to_thread(deployment.service.start, until=deployment.service.is_alive)
    async with deployment.service.client() as client:
        assert (await readiness(client)).status_code == 503
        answer = await client.get("/api/v1/users/999999")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        await asyncio.to_thread(deployment.postgres.start)
        await asyncio.to_thread(wait_until, deployment.service.is_ready)
        assert (await client.get("/api/v1/users/999999")).status_code == 404, "asked, and there is nobody"
