"""Every promise of the API, kept behind nginx under a prefix, with two workers, PgBouncer, and Redis on a socket."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database.engine import Database
from app.models import Role
from tests.api_table import ENDPOINTS
from tests.backends import Backend
from tests.conftest import SECRET_KEY, empty_postgres, settings_for
from tests.contract.test_table import Calls, takes_more_than_a_call
from tests.factories import Accounts
from tests.fuzz.test_schemathesis import make_accounts, run
from tests.stack import Stack, whole_stack


@pytest.fixture(scope="module")
def stack(postgres_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One for all tests of the module: rows accumulate."""
    empty_postgres(postgres_database)
    folder = tmp_path_factory.mktemp("stack")
    with whole_stack(postgres_database, folder=folder, secret_key=SECRET_KEY) as started:
        yield started


def settings_of(stack: Stack, folder: Path):
    return settings_for(Backend(name="postgres", database_url=stack.database_url), data_dir=folder)


async def test_every_endpoint_succeeds_with_the_promised_status(stack: Stack, tmp_path: Path):
    database = Database(settings_of(stack, tmp_path))
    unexpected: list[str] = []
    async with stack.client() as client:
        calls = Calls(client, Accounts(database, client))
        for endpoint in ENDPOINTS:
            if not takes_more_than_a_call(endpoint):
                answer = await calls.succeed(endpoint)
                if answer.status_code != endpoint.success:
                    unexpected.append(f"{endpoint}: {answer.status_code} {answer.text[:200]}")
    await database.close()
    assert unexpected == []


async def test_generated_requests_meet_the_schema(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(stack.certificate))
    accounts = await make_accounts(settings_of(stack, tmp_path), stack, Role.USER)
    options = ["--max-examples", "3", "--phases", "examples,coverage", "--seed", "20260102"]
    options += ["--exclude-checks", "unsupported_method"]  # nginx refuses TRACE itself
    finished = await asyncio.to_thread(run, stack, accounts, tmp_path, *options)
    assert finished.returncode == 0, finished.stdout[-12_000:] + finished.stderr[-2_000:]
