"""New code on an older schema, as in a rollout that went the wrong way round: not ready, and no 500."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database import migrations
from app.main import create_app
from tests.backends import Backend
from tests.conftest import client_of, made_cheap, migrated_database, served, settings_for
from tests.factories import Accounts
from tests.live import wait_until


@pytest.fixture
def older(postgres_address: str, tmp_path: Path) -> Iterator[Backend]:
    with migrated_database(postgres_address, tmp_path) as url:
        backend = Backend(name="postgres", database_url=url)
        migrations.downgrade(settings_for(backend, data_dir=tmp_path), "0006")
        yield backend


async def test_what_needs_the_newer_schema_is_answered_503_until_it_is_there(older: Backend, tmp_path: Path):
    settings = settings_for(older, data_dir=tmp_path, migrate_on_start=False)
    forgot = {"json": {"email": "ada@example.org"}}
    async with served(settings) as client:
        ready = await client.get("/health/ready")
        assert (ready.status_code, "migrations" in ready.json()["detail"]) == (503, True)
        refused = await client.post("/api/v1/auth/password/forgot", **forgot)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:problem-type:schema-mismatch")
        assert refused.headers["retry-after"] == "5"
        assert (await client.get("/api/v1/auth/oidc/providers")).status_code == 200
        migrations.upgrade(settings)
        assert (await client.post("/api/v1/auth/password/forgot", **forgot)).status_code == 202
        assert (await client.get("/health/ready")).status_code == 200


async def test_a_schema_that_goes_down_and_up_again_under_traffic_costs_503s_and_no_post(
    older: Backend, tmp_path: Path
):
    settings = settings_for(older, data_dir=tmp_path, migrate_on_start=False)
    migrations.upgrade(settings)
    app = made_cheap(create_app(settings))
    statuses: Counter[tuple[str, int]] = Counter()
    acknowledged: list[int] = []
    stopped = False
    async with app.router.lifespan_context(app), client_of(app) as client:
        author = await Accounts(app.state.resources.database, client).user()

        async def write() -> None:
            draft = {"title": "Under way", "content": "Down and up.", "status": "published", "tags": ["a"]}
            while not stopped:
                answer = await client.post("/api/v1/posts", json=draft, headers=author.headers)
                statuses["write", answer.status_code] += 1
                if answer.status_code == 201:
                    acknowledged.append(answer.json()["id"])
                await asyncio.sleep(0.01)

        async def read(path: str) -> None:
            while not stopped:
                statuses["read", (await client.get(path, headers=author.headers)).status_code] += 1
                await asyncio.sleep(0.01)

        async with asyncio.TaskGroup() as traffic:
            for work in (write(), write(), read("/api/v1/posts?search=way"), read("/api/v1/auth/me")):
                traffic.create_task(work)
            await asyncio.to_thread(wait_until, lambda: len(acknowledged) > 5)
            await asyncio.to_thread(migrations.downgrade, settings, "0006")
            await asyncio.to_thread(wait_until, lambda: statuses["write", 503] > 5)
            await asyncio.to_thread(migrations.upgrade, settings)
            before = len(acknowledged)
            await asyncio.to_thread(wait_until, lambda: len(acknowledged) > before + 5)
            stopped = True
        assert {status for _, status in statuses} <= {200, 201, 503}, statuses
        mine = await client.get("/api/v1/posts", params={"author": author.id}, headers=author.headers)
        assert mine.json()["total"] == len(acknowledged)
        assert (await client.get("/health/ready")).status_code == 200
