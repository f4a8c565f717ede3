"""An administrator who is signed in to the admin site."""

from collections.abc import AsyncIterator, Iterator
from functools import partialmethod

import httpx2
import pytest
from fastapi import FastAPI
from jinja2 import Environment
from jinja2.bccache import Bucket, BytecodeCache

from tests.admin.desk import Desk
from tests.auth.second_factor.conftest import clock, doors  # noqa: F401  # fixtures
from tests.conftest import client_of
from tests.factories import Account, Accounts


class CompiledTemplates(BytecodeCache):
    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="package", autouse=True)
def compiled_templates() -> Iterator[None]:
    """Every test builds a site; templates are compiled for the first one, which takes 0.3 s, and kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "__init__", partialmethod(Environment.__init__, bytecode_cache=CompiledTemplates()))
        yield


@pytest.fixture
async def visitor(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser of its own that nobody has signed in with."""
    async with client_of(app) as made:
        yield made


@pytest.fixture
async def admin(accounts: Accounts) -> Account:
    return await accounts.admin()


@pytest.fixture
async def desk(visitor: httpx2.AsyncClient, admin: Account) -> Desk:
    desk = Desk(visitor)
    answer = await desk.sign_in(admin)
    assert answer.status_code == 303, answer.text
    await visitor.get("/admin/")
    return desk
