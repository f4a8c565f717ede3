"""Two processes of the service on one backend: what one of them does, the other must notice."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest

from app.core.config import Settings
from app.core.database import Database
from tests.factories import Account, Accounts
from tests.live import LiveService


@dataclass(frozen=True)
class Pair:
    """Clients of two servers, and the people both of them know."""

    here: httpx.AsyncClient
    there: httpx.AsyncClient
    accounts: Accounts

    async def both_know(self, user: Account) -> None:
        """Make both servers serve `user`, so that each has whatever it caches about them."""
        for server in (self.here, self.there):
            answer = await server.get("/api/v1/auth/me", headers=user.headers)
            assert answer.status_code == 200, answer.text


@pytest.fixture
async def pair(live_service: Callable[..., LiveService], settings: Settings) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        here, there = [await stack.enter_async_context(live_service().client()) for _ in range(2)]
        database = Database(settings)
        stack.push_async_callback(database.close)
        yield Pair(here, there, Accounts(database, here))
