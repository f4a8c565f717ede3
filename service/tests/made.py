"""Rows made through the front door, for tests of one resource and of every endpoint."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.factories import Account, Accounts


async def made(client: httpx2.AsyncClient, path: str, owner: Account, values: dict[str, Any]) -> dict[str, Any]:
    """A resource of `owner`, as the service answers it."""
    answer = await client.post(path, headers=owner.headers, json=values)
    assert answer.status_code == 201, answer.text
    return answer.json()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What tests of every endpoint need: what a client sends to make a row and to change one.

    `parameters` are those of its paths, each with the member of the row that it is. `values` are for the one who makes
    it, who must see whatever they refer to. What is not `owned`, administrators write.
    """

    path: str
    parameters: Mapping[str, str]
    values: Callable[[httpx2.AsyncClient, Accounts, Account], Awaitable[dict[str, Any]]]
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    owned: bool = True

    async def ids(self, client: httpx2.AsyncClient, accounts: Accounts, owner: Account) -> dict[str, Any]:
        """A new row of `owner`: its path parameters."""
        maker = owner if self.owned else await accounts.admin()
        row = await made(client, f"/api/v1{self.path}", maker, await self.values(client, accounts, maker))
        return {parameter: row[member] for parameter, member in self.parameters.items()}
