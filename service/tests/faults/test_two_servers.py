"""What one server is told, every server acts on: at once there, within a second elsewhere, with Redis and without."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from tests.faults.conftest import Pair
from tests.live import PATIENCE
from tests.streams import followed_live

pytestmark = pytest.mark.parametrize("two_servers", ["postgres", "postgres+redis"], indirect=True)

WITHIN = 1.0


async def seconds_stale(is_new: Callable[[], Awaitable[bool]]) -> float:
    """How long after the change a request that was still answered from before it was sent; infinity when all were.

    Less what the slowest of the answers took: a machine that takes so long for one does for the word between servers.
    """
    started = time.monotonic()
    stale = slowest = 0.0
    while (asked := time.monotonic() - started) < PATIENCE:
        new = await is_new()
        slowest = max(slowest, time.monotonic() - started - asked)
        if new:
            return stale - slowest
        stale = asked
        await asyncio.sleep(0.02)
    return float("inf")


def is_refused(server: httpx2.AsyncClient, headers: dict[str, str]) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return (await server.get("/api/v1/auth/me", headers=headers)).status_code == 401

    return check


async def test_a_deactivated_users_live_token_dies_on_every_server(pair: Pair):
    admin, user = await pair.accounts.admin(), await pair.accounts.user()
    await pair.both_know(user)
    answer = await pair.here.patch(f"/api/v1/users/{user.id}/access", json={"is_active": False}, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    assert (await pair.here.get("/api/v1/auth/me", headers=user.headers)).status_code == 401
    assert await seconds_stale(is_refused(pair.there, user.headers)) <= WITHIN


async def test_a_session_ended_here_is_dead_there(pair: Pair):
    user = await pair.accounts.user()
    await pair.both_know(user)
    assert (await pair.here.post("/api/v1/auth/logout", headers=user.headers)).status_code == 200
    assert (await pair.here.get("/api/v1/auth/me", headers=user.headers)).status_code == 401
    assert await seconds_stale(is_refused(pair.there, user.headers)) <= WITHIN


async def test_an_administrator_demoted_here_has_no_power_there(pair: Pair):
    admin, other = await pair.accounts.admin(), await pair.accounts.admin()
    target = await pair.accounts.row()
    await pair.both_know(other)
    answer = await pair.here.patch(f"/api/v1/users/{other.id}/access", json={"role": "user"}, headers=admin.headers)
    assert answer.status_code == 200, answer.text

    async def powerless() -> bool:
        path = f"/api/v1/users/{target.id}/access"
        answer = await pair.there.patch(path, json={"is_active": True}, headers=other.headers)
        return answer.status_code == 403

    assert await seconds_stale(powerless) <= WITHIN


async def test_a_post_changed_here_is_read_anew_there(pair: Pair):
    author = await pair.accounts.user()
    post = await pair.accounts.post(author, title="Before")
    path = f"/api/v1/posts/{post.id}"
    for server in (pair.here, pair.there, pair.here, pair.there):
        assert (await server.get(path)).json()["title"] == "Before"
        assert (await server.get("/api/v1/posts")).json()["items"][0]["title"] == "Before"
    changed = await pair.here.put(path, json={"title": "After"}, headers=author.headers)
    assert changed.status_code == 200, changed.text
    assert (await pair.here.get(path)).json()["title"] == "After"
    assert (await pair.here.get("/api/v1/posts")).json()["items"][0]["title"] == "After"

    async def read_anew() -> bool:
        one, listed = await pair.there.get(path), await pair.there.get("/api/v1/posts")
        return one.json()["title"] == listed.json()["items"][0]["title"] == "After"

    assert await seconds_stale(read_anew) <= WITHIN


async def test_a_post_deleted_here_is_gone_there(pair: Pair):
    author = await pair.accounts.user()
    post = await pair.accounts.post(author)
    path = f"/api/v1/posts/{post.id}"
    assert (await pair.there.get(path)).status_code == 200
    assert (await pair.here.delete(path, headers=author.headers)).status_code in {200, 204}

    async def gone() -> bool:
        return (await pair.there.get(path)).status_code == 404

    assert await seconds_stale(gone) <= WITHIN


async def test_eight_refreshes_at_once_on_two_servers_succeed_at_most_once(pair: Pair):
    user = await pair.accounts.user()
    body = {"refresh_token": user.refresh_token}
    answers = await asyncio.gather(
        *(server.post("/api/v1/auth/refresh", json=body) for server in [pair.here, pair.there] * 4)
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(200) <= 1
    assert set(statuses) <= {200, 401}


async def test_eight_registrations_of_one_address_on_two_servers_succeed_once(pair: Pair):
    person = {"username": "racer", "password": "Racing9@purple-turtle", "first_name": "Ra", "last_name": "Cer"}
    answers = await asyncio.gather(
        *(
            server.post("/api/v1/auth/register", json={**person, "email": email})
            for server, email in zip([pair.here, pair.there] * 4, ["r@example.org", "R@Example.org"] * 4, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


async def test_what_is_written_here_is_told_to_who_follows_there(pair: Pair):
    author = await pair.accounts.user()
    draft = {"title": "Told", "content": "To everybody.", "status": "published"}
    async with (
        followed_live(pair.here, "/api/v1/posts/events") as here,
        followed_live(pair.there, "/api/v1/posts/events", author.headers) as there,
    ):
        for stream in (here, there):
            assert (await stream.next()).name == "ready"  # type: ignore[union-attr]
        answer = await pair.here.post("/api/v1/posts", json=draft, headers=author.headers)
        assert answer.status_code == 201
        for stream in (here, there):
            told = await stream.next()
            assert told is not None
            assert (told.name, told.data["post_id"]) == ("post.added", answer.json()["id"])
