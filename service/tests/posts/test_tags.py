"""What triggers keep beside the posts: copies to list a tag's posts by, and how many published ones it has."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from app.config import Settings
from app.database import migrations
from app.models import Post, TagTally, post_tags
from app.posts.tags import fold_tallies
from app.posts.views import ViewCounter
from tests.backends import on_both_databases, on_postgres
from tests.factories import Accounts

POSTS, TAGS = "/api/v1/posts", "/api/v1/tags"
COPIED = ("author_id", "status", "title", "view_count", "published_at", "created_at", "updated_at")


async def counted(client: httpx2.AsyncClient) -> dict[str, int]:
    return {tag["name"]: tag["post_count"] for tag in (await client.get(TAGS)).json()}


async def write(client: httpx2.AsyncClient, headers: dict[str, str], **fields: Any) -> str:
    """The address of a new post."""
    draft = {"title": "Title", "content": "Content", "status": "published", **fields}
    answer = await client.post(POSTS, json=draft, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def assert_copies_are_true(app: FastAPI) -> None:
    rows = [getattr(Post, name) for name in COPIED], [post_tags.c[name] for name in COPIED]
    async with app.state.resources.database.session() as session:
        for mine, copy in zip(*rows, strict=True):
            join = select(func.count()).select_from(post_tags).join(Post, Post.id == post_tags.c.post_id)
            assert await session.scalar(join.where(mine.is_distinct_from(copy))) == 0, copy.name


@on_both_databases
async def test_copies_and_counts_follow_every_change_of_a_post(
    app: FastAPI, client: httpx2.AsyncClient, accounts: Accounts
):
    author, reader, admin = await accounts.user(), await accounts.user(), await accounts.admin()
    first = await write(client, author.headers, tags=["a", "b"])
    second = await write(client, author.headers, tags=["b", "c"], status="draft")
    assert await counted(client) == {"a": 1, "b": 1}
    for changes, expected in (
        ((second, {"status": "published", "title": "Another title"}), {"b": 2, "a": 1, "c": 1}),
        ((first, {"tags": ["c", "d"]}), {"c": 2, "b": 1, "d": 1}),
        ((first, {"status": "archived"}), {"b": 1, "c": 1}),
        ((first, {"status": "draft"}), {"b": 1, "c": 1}),
        ((second, {"tags": []}), {}),
        ((first, {"status": "published"}), {"c": 1, "d": 1}),
    ):
        answer = await client.put(changes[0], json=changes[1], headers=author.headers)
        assert answer.status_code == 200, answer.text
        assert await counted(client) == expected
        await assert_copies_are_true(app)
    assert (await client.get(first, headers=reader.headers)).json()["view_count"] == 1
    await app.state.resources.get(ViewCounter).flush()
    await assert_copies_are_true(app)
    await write(client, author.headers, tags=["e"])
    assert (await client.delete(first, headers=author.headers)).status_code == 200
    assert await counted(client) == {"e": 1}
    assert (await client.delete(f"/api/v1/users/{author.id}", headers=admin.headers)).status_code == 200
    assert await counted(client) == {}


@on_both_databases
async def test_a_scheduled_post_counts_for_its_tags_when_it_is_due(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    began = datetime.now(UTC)
    await write(client, author.headers, tags=["a", "b"])
    assert await counted(client) == {"a": 1, "b": 1}
    soon = datetime.now(UTC) + timedelta(seconds=1) + 10 * (datetime.now(UTC) - began)  # time to see that it is not yet
    await write(client, author.headers, tags=["b", "c"], published_at=soon.isoformat())
    assert await counted(client) == {"a": 1, "b": 1}
    await asyncio.sleep((soon - datetime.now(UTC)).total_seconds() + 0.05)
    assert await counted(client) == {"b": 2, "a": 1, "c": 1}


@on_both_databases
async def test_folded_tallies_count_the_same(client: httpx2.AsyncClient, accounts: Accounts, settings: Settings):
    author = await accounts.user()
    addresses = [await write(client, author.headers, tags=["a", f"b{number % 2}"]) for number in range(4)]
    await client.delete(addresses[0], headers=author.headers)
    engine = create_engine(migrations.sync_url(settings.database))
    for _ in range(2):
        with Session(engine) as session:
            fold_tallies(session)
            session.commit()
            rows = list(session.execute(select(TagTally.tag_id, TagTally.published).order_by(TagTally.tag_id)))
            assert [count for _, count in rows] == [3, 1, 2]
    engine.dispose()
    await write(client, author.headers, tags=["a"])
    assert await counted(client) == {"a": 4, "b1": 2, "b0": 1}


@on_postgres
async def test_writers_of_the_same_tags_in_any_order_do_not_wait_for_each_other(app: FastAPI, accounts: Accounts):
    author = await accounts.user()
    posts = [await accounts.post(author, tags=["a", "b"]) for _ in range(2)]
    database = app.state.resources.database
    async with database.session() as one, database.session() as other, asyncio.timeout(5):
        for session, post in ((one, posts[0]), (other, posts[1])):
            await session.execute(post_tags.delete().where(post_tags.c.post_id == post.id))
    async with database.session() as session:
        assert await session.scalar(select(func.sum(TagTally.published))) == 0


@on_postgres
async def test_a_tag_given_while_the_post_is_read_copies_the_newest_count(app: FastAPI, accounts: Accounts):
    post = await accounts.post(await accounts.user(), tags=["a"])
    database = app.state.resources.database
    async with database.session() as session:
        await session.execute(post_tags.delete())
    async with database.session() as counting:
        await counting.execute(Post.__table__.update().values(view_count=Post.view_count + 1))
        async with database.session() as tagging:
            label = post_tags.insert().values(post_id=post.id, tag_id=1)
            given = asyncio.create_task(tagging.execute(label))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(given), 0.2)
            await counting.commit()
            await given
    await assert_copies_are_true(app)
