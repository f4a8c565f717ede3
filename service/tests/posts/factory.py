"""What clients send to make posts."""

from typing import Any

import httpx2

from tests.factories import Account, Accounts
from tests.made import Resource


async def post_values(client: httpx2.AsyncClient, accounts: Accounts, writer: Account) -> dict[str, Any]:
    """What a client sends to make a post."""
    return {"title": "A title", "content": "And content.", "status": "published", "tags": "one, two"}


POST = Resource(
    path="/posts",
    parameters={"post_id": "id", "slug": "slug"},
    values=post_values,
    changes={"title": "A better title"},
)
