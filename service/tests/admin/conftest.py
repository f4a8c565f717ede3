"""An administrator who is signed in to the admin site."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.admin.desk import Desk
from tests.conftest import client_of
from tests.factories import Account, Accounts
from tests.second_factor.conftest import clock, doors  # noqa: F401  # fixtures


@pytest.fixture
async def visitor(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of its own that nobody has signed in with."""
    async with client_of(app) as made:
        yield made


@pytest.fixture
async def admin(accounts: Accounts) -> Account:
    return await accounts.admin()


@pytest.fixture
async def desk(visitor: httpx.AsyncClient, admin: Account) -> Desk:
    desk = Desk(visitor)
    answer = await desk.sign_in(admin)
    assert answer.status_code == 303, answer.text
    await visitor.get("/admin/")
    return desk
