"""Two processes of the service on one backend: what one of them does, the other must notice."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx2
import pytest

from app.database.engine import Database
from tests.backends import Backend
from tests.conftest import SECRET_KEY, migrated_database, settings_for
from tests.factories import Account, Accounts
from tests.live import LiveService


@dataclass(frozen=True)
class Pair:
    """Clients of two servers, and the people both of them know."""

    here: httpx2.AsyncClient
    there: httpx2.AsyncClient
    accounts: Accounts

    async def both_know(self, user: Account) -> None:
        """Make both servers serve `user`, so that each has whatever it caches about them."""
        for server in (self.here, self.there):
            answer = await server.get("/api/v1/auth/me", headers=user.headers)
            assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def two_servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[LiveService]]:
    """Two processes, one backend (`postgres` or `postgres+redis`), for all tests of a module: rows accumulate."""
    directory = tmp_path_factory.mktemp("two")
    with migrated_database(request.getfixturevalue("postgres_address"), directory) as url:
        redis_url = request.getfixturevalue("redis_address") if request.param == "postgres+redis" else None
        backend = Backend(name=request.param, database_url=url, redis_url=redis_url)
        servers = [
            LiveService(backend, data_dir=directory, workers=1, secret_key=SECRET_KEY, environment={}) for _ in range(2)
        ]
        try:
            for server in servers:
                server.start()
            yield servers
        finally:
            for server in servers:
                server.stop()


@pytest.fixture
async def pair(two_servers: list[LiveService]) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        here, there = [await stack.enter_async_context(server.client()) for server in two_servers]
        database = Database(settings_for(two_servers[0].backend, data_dir=two_servers[0].directory))
        stack.push_async_callback(database.close)
        yield Pair(here, there, Accounts(database, here))
