"""The uncached list as a leaner framework does it: Litestar, msgspec, asyncpg, the service's SQL, nothing around.

No sign-in, no limits, no headers, no log: the service's price for those is the difference.
"""

import json
import os
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec
from litestar import Litestar, get
from litestar.datastructures import State

PAGE, COUNT = json.loads(os.environ["PEER_STATEMENTS"])
"""Each an SQL text and its parameters in order: a value, or null for the time."""


class Author(msgspec.Struct):
    id: int
    username: str
    first_name: str | None
    last_name: str | None
    avatar: str | None


class Summary(msgspec.Struct):
    id: int
    title: str
    excerpt: str
    slug: str
    status: str
    tags: list[str]
    author_id: int
    author: Author
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    view_count: int


class Page(msgspec.Struct):
    items: list[Summary]
    total: int
    page: int
    page_size: int


async def rows(pool: Any, statement: list[Any]) -> list[Any]:
    sql, values = statement
    return await pool.fetch(sql, *(datetime.now(UTC) if value is None else value for value in values))


@get("/posts")
async def list_posts(state: State, page: int = 1, page_size: int = 20) -> Page:
    found = await rows(state.pool, PAGE)
    total = (await rows(state.pool, COUNT))[0][0]
    items = [Summary(*row[:7], Author(*row[7:12]), *row[12:]) for row in found[:page_size]]
    return Page(items, total, page, page_size)


async def connect(app: Litestar) -> None:
    app.state.pool = await asyncpg.create_pool(os.environ["PEER_DATABASE_URL"], min_size=10, max_size=20)


app = Litestar([list_posts], on_startup=[connect], openapi_config=None)
