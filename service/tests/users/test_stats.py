"""GET /users/{id}/stats."""

from datetime import timedelta
from typing import Any

from app.kit.clock import utcnow
from app.models import PostStatus
from tests.backends import on_both_databases


async def stats(client: Any, user: Any, viewer: Any = None) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/users/{user.id}/stats", headers=viewer.headers if viewer else {})
    assert answer.status_code == 200
    return answer.json()


async def test_drafts_and_scheduled_posts_are_counted_for_author_and_admins_only(client, accounts):
    author, other, admin = await accounts.user(), await accounts.user(), await accounts.admin()
    await accounts.post(author, view_count=10)
    await accounts.post(author, view_count=5)
    await accounts.post(author, status=PostStatus.DRAFT, view_count=1)
    await accounts.post(author, status=PostStatus.ARCHIVED, view_count=3)
    await accounts.post(author, published_at=utcnow() + timedelta(days=1))
    await accounts.post(other, view_count=100)
    whole = {
        "total_posts": 5,
        "published_posts": 3,
        "draft_posts": 1,
        "archived_posts": 1,
        "total_views": 19,
        "average_views": 3.8,
    }
    public = {
        "total_posts": 3,
        "published_posts": 2,
        "draft_posts": 0,
        "archived_posts": 1,
        "total_views": 18,
        "average_views": 6.0,
    }
    for viewer, expected in ((author, whole), (admin, whole), (other, public), (None, public)):
        told = await stats(client, author, viewer)
        assert told.pop("user")["id"] == author.id
        assert told == expected


@on_both_databases
async def test_a_user_without_posts_has_zeros(client, accounts):
    user = await accounts.user()
    told = await stats(client, user, user)
    assert told.pop("user")["email"] == user.email
    assert set(told.values()) == {0}


@on_both_databases
async def test_stats_take_one_query(app, client, accounts, monkeypatch):
    user = await accounts.user()
    reader = app.state.resources.database.reader
    asked: list[str] = []
    records = reader.records

    async def counting(sql: str, parameters: Any, **how: Any) -> Any:
        asked.append(sql)
        return await records(sql, parameters, **how)

    monkeypatch.setattr(reader, "records", counting)
    await stats(client, user)
    assert len(asked) == 1


@on_both_databases
async def test_stats_of_nobody_are_a_404(client):
    assert (await client.get("/api/v1/users/999999/stats")).status_code == 404
