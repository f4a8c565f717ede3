"""Schemathesis over every operation of a live service, as a user and as an administrator, its default checks on."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest

from app.config import Settings
from app.database.engine import Database
from app.models import Role
from tests.backends import on_postgres
from tests.factories import PASSWORD, Accounts
from tests.live import LiveService

HERE = Path(__file__).parent
FIRST_ID = 2**40  # generated ids are small: the accounts that carry the run are out of their reach
SUCCESSORS = 20


class Served(Protocol):
    """What can be fuzzed: the process itself, or the proxy in front of it."""

    @property
    def url(self) -> str: ...

    def client(self, **options: Any) -> httpx2.AsyncClient: ...


async def make_accounts(settings: Settings, service: Served, role: Role) -> list[str]:
    database = Database(settings)
    async with service.client() as client:
        accounts = Accounts(database, client)
        rows = [await accounts.row(id=FIRST_ID + number, role=role) for number in range(SUCCESSORS)]
        for author in (*rows[:3], await accounts.row()):
            await accounts.post(author, tags=["fuzz"])
    await database.close()
    return [row.email for row in rows]


def run(service: Served, accounts: list[str], directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE.parents[1]),
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "FUZZ_URL": service.url,
        "FUZZ_ACCOUNTS": ",".join(accounts),
        "FUZZ_PASSWORD": PASSWORD,
        "COLUMNS": "120",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(directory / "hypothesis"),
    }
    command = [str(Path(sys.executable).with_name("st")), "--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [f"{service.url}/api/v1/openapi.json", "--output-truncate", "false", *options]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


@on_postgres
@pytest.mark.parametrize("role", [Role.ADMIN, pytest.param(Role.USER, marks=pytest.mark.fuzz)])  # a user: in deploy
async def test_generated_requests_meet_the_schema(
    live_service: Callable[..., LiveService], settings: Settings, tmp_path: Path, role: Role
):
    service = live_service()
    accounts = await make_accounts(settings, service, role)
    options = ["--max-examples", "5", "--phases", "examples,coverage,fuzzing", "--seed", "20260101"]
    finished = await asyncio.to_thread(run, service, accounts, tmp_path, *options)
    assert finished.returncode == 0, finished.stdout[-12_000:] + finished.stderr[-2_000:]


@pytest.mark.fuzz
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("role", list(Role))
async def test_a_hundred_examples_of_every_operation_and_stateful_sequences(
    live_service: Callable[..., LiveService], settings: Settings, tmp_path: Path, role: Role
):
    service = live_service(workers=1 if settings.is_sqlite else 2)
    accounts = await make_accounts(settings, service, role)
    finished = await asyncio.to_thread(run, service, accounts, tmp_path, "--max-examples", "100")
    print(finished.stdout[-6_000:])
    assert finished.returncode == 0, finished.stdout[-20_000:] + finished.stderr[-2_000:]
