"""New code on an older schema, as in a rollout that went the wrong way round: not ready, and no 500."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database import migrations
from tests.backends import Backend
from tests.conftest import migrated_database, served, settings_for


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
