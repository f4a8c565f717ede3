"""Every form of an address that the settings accept works with the server it names."""

import asyncio
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import redis
from annotated_types import Le
from sqlalchemy import text

from app.api.health import check_all
from app.api.health import check_broker as broker_state
from app.cache.redis import connect
from app.config import Settings
from app.database.engine import Database
from app.database.migrations import upgrade
from app.kit.ids import uuid7
from app.main import build_resources
from app.tasks.celery import make_celery, publisher
from tests.backends import Backend, on_postgres, on_redis, on_sqlite
from tests.conftest import served, settings_for
from tests.servers import Redis, free_port
from tests.tasks.test_mails import NEW_USER

PARAMETERS = ["", "?sslmode=prefer", "?sslmode=disable&connect_timeout=3", "?application_name=blog&ssl=allow"]


async def test_every_form_of_a_redis_address_reaches_the_server():
    server = Redis()
    server.start()
    port = server.port
    forms = [
        *(
            f"unix://{server.socket}",
            f"unix://{server.socket}?db=1",
            f"redis://127.0.0.1:{port}",
            f"redis://localhost:{port}/2",
        ),
        f"redis://127.0.0.1:{port}?db=3&socket_timeout=1",
    ]
    for form in forms:
        backend = Backend(name="sqlite", database_url="sqlite:///unused.db", redis_url=form)
        address = settings_for(backend, data_dir=Path()).redis_url
        assert address is not None
        client = connect(address)
        assert await client.ping(), form
        await client.aclose()
    server.stop()


@on_postgres
@pytest.mark.parametrize("parameters", PARAMETERS)
async def test_every_form_of_a_database_address_is_migrated_read_and_written(
    backend: Backend, tmp_path: Path, parameters: str
):
    settings = settings_for(
        Backend(name="postgres", database_url=f"{backend.database_url}{parameters}"), data_dir=tmp_path
    )
    upgrade(settings)
    database = Database(settings)
    async with database.session() as session:
        (name,) = (await session.execute(text("SHOW application_name"))).one()
    assert name == ("blog" if "blog" in parameters else settings.project_name)
    assert await database.reader.records("SELECT 1", ())
    await database.close()
    resources = build_resources(settings)
    assert (await check_all(resources))["migrations"] == "ok"
    await resources.database.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@on_sqlite
@pytest.mark.parametrize("was", [None, 0o644])
async def test_whatever_holds_the_data_is_its_owners_alone(tmp_path: Path, was: int | None, backend: Backend):
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    file = folder / "service.db"
    if was is not None:
        file.touch()
        file.chmod(was)
    before = os.umask(0o022)
    try:
        settings: Any = settings_for(Backend(name="sqlite", database_url=f"sqlite:///{file}"), data_dir=folder)
        upgrade(settings)
        database = Database(settings)
        async with database.session() as session:
            await session.execute(text("CREATE TABLE touched (id INTEGER)"))
            assert {path.name for path in folder.iterdir()} == {"service.db", "service.db-wal", "service.db-shm"}
            assert {mode(path) for path in folder.iterdir()} == {0o600}
        await database.close()
    finally:
        os.umask(before)


async def test_every_form_of_a_broker_address_takes_jobs_and_is_ready(tmp_path: Path):
    server = Redis()
    server.start()
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    forms = [server.url(), f"redis://localhost:{server.port}/2", f"redis+socket://{server.socket}"]
    for form in (*forms, f"{nobody};{server.url()}"):
        backend = Backend(name="sqlite", database_url=f"sqlite:///{tmp_path}/unused.db")
        settings = settings_for(backend, data_dir=tmp_path, celery_broker_url=form)
        resources = build_resources(settings)
        assert await broker_state(resources) == "ok", form
        await resources.database.close()
        await asyncio.to_thread(publisher(make_celery(settings)), uuid7())
    with redis.Redis.from_url(server.url()) as connection:
        assert connection.llen("publishing-service") == 3
    server.stop()


def largest() -> dict[str, Any]:
    """The largest number that each setting takes, but for those that start processes or decide what is measured."""
    found: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        bounds = [bound.le for bound in field.metadata if isinstance(bound, Le)]
        if bounds and name not in {"port", "smtp_port", "workers"}:
            found[name] = bounds[0]
    return found


@on_redis
async def test_the_largest_numbers_that_are_accepted_serve(backend: Backend, tmp_path: Path):
    chosen = largest()
    numbers = {name for name, field in Settings.model_fields.items() if field.annotation in (int, float)}
    assert numbers - set(chosen) == {"port", "smtp_port", "workers"}, "every number has a bound"
    async with served(settings_for(backend, data_dir=tmp_path, **chosen)) as client:
        registered = await client.post("/api/v1/auth/register", json=NEW_USER)
        assert registered.status_code == 200, registered.text
        form = {"username": NEW_USER["email"], "password": NEW_USER["password"]}
        assert (await client.post("/api/v1/auth/login", data=form)).status_code == 200
        pair = {"refresh_token": registered.json()["refresh_token"]}
        assert (await client.post("/api/v1/auth/refresh", json=pair)).status_code == 200
        assert (await client.post("/api/v1/auth/password/forgot", json={"email": NEW_USER["email"]})).status_code == 202
        for _ in range(2):
            assert (await client.get("/api/v1/auth/oidc/providers")).status_code == 200


def test_a_folder_may_be_written_from_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    backend = Backend(name="sqlite", database_url="sqlite:///unused.db")
    assert settings_for(backend, data_dir=Path("~/blog")).data_dir == tmp_path / "blog"
