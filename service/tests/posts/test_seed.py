"""`app seed`: made-up people and posts that the service takes for its own."""

from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from app.config import Settings
from app.database import migrations
from app.posts import seed as seeding
from app.posts.seed import Seeded
from tests.backends import on_both_databases
from tests.factories import PASSWORD, hashed


def seed(settings: Settings, *, posts: int, writers: int, told: list[int] | None = None) -> Seeded:
    return seeding.seed(
        migrations.sync_url(settings.database),
        posts=posts,
        writers=writers,
        hashed_password=hashed(PASSWORD),
        progress=(told if told is not None else []).append,
    )


@on_both_databases
async def test_what_was_seeded_is_listed_found_and_signed_in(client: Any, settings: Settings):
    told: list[int] = []
    seeded = seed(settings, posts=40, writers=3, told=told)
    assert sum(told) == seeded.posts == 40
    assert len(seeded.emails) == 3
    page = (await client.get("/api/v1/posts", params={"page_size": 100})).json()
    assert page["total"] == 36  # one in twenty is a draft, one is archived
    assert all(len(post["tags"]) == 2 for post in page["items"])
    word = page["items"][0]["title"].split()[0]
    assert (await client.get("/api/v1/posts", params={"search": word})).json()["total"] >= 1
    form = {"username": seeded.emails[0], "password": PASSWORD}
    assert (await client.post("/api/v1/auth/login", data=form)).status_code == 200


@on_both_databases
async def test_seeding_goes_beside_what_is_there_and_new_rows_after_it(client: Any, accounts: Any, settings: Settings):
    author = await accounts.user()
    await accounts.post(author)
    first, second = seed(settings, posts=5, writers=2), seed(settings, posts=5, writers=2)
    assert not set(first.emails) & set(second.emails)
    body = {"title": "After the seeding", "content": "Still the same service."}
    made = await client.post("/api/v1/posts", json=body, headers=author.headers)
    assert made.status_code == 201
    assert made.json()["id"] == 12
    assert (await accounts.user()).id > author.id + 4


@on_both_databases
def test_nothing_is_left_of_a_seeding_that_failed(settings: Settings):
    def fail(_count: int) -> None:
        raise KeyboardInterrupt

    url = migrations.sync_url(settings.database)
    with pytest.raises(KeyboardInterrupt):
        seeding.seed(url, posts=5, writers=2, hashed_password="x", progress=fail)
    assert seed(settings, posts=0, writers=1).emails == ("writer1@example.org",)


@on_both_databases
def test_many_posts_are_indexed_afterwards_as_they_would_have_been(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    engine = create_engine(migrations.sync_url(settings.database))
    before = schema(engine)
    seed(settings, posts=10, writers=1)
    monkeypatch.setattr(seeding, "MANY", 1)
    seed(settings, posts=30, writers=2)
    assert schema(engine) == before
    with engine.connect() as connection:
        published = connection.scalar(text("SELECT sum(published) FROM tag_tallies"))
        copied = connection.scalar(text("SELECT count(*) FROM post_tags WHERE status = 'published'"))
    engine.dispose()
    assert published == copied > 0


@on_both_databases
async def test_many_posts_are_found_by_their_words(client: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(seeding, "MANY", 1)
    seed(settings, posts=30, writers=2)
    for post in (await client.get("/api/v1/posts", params={"page_size": 100})).json()["items"]:
        found = (await client.get("/api/v1/posts", params={"search": post["title"], "page_size": 100})).json()
        assert post["id"] in [item["id"] for item in found["items"]]


def schema(engine: Engine) -> set[tuple[str, ...]]:
    """Indexes and triggers, as the database would make them again."""
    queries = {
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()"
        " UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "sqlite": "SELECT sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
    }
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(text(queries[engine.dialect.name]))}
