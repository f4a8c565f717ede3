"""Where one is signed in, and signing out."""

from typing import Any
from uuid import uuid4

import jwt
import pytest

from app.config import Settings
from app.main import create_app
from tests.backends import on_both_databases, on_redis, on_sqlite
from tests.conftest import client_of, settings_for
from tests.factories import Accounts


async def me(client: Any, user: Any) -> Any:
    return await client.get("/api/v1/auth/me", headers=user.headers)


def session_id(token: str) -> str:
    return jwt.decode(token, options={"verify_signature": False})["sid"]


async def test_logout_kills_this_session_at_once_and_no_other(client, accounts):
    row = await accounts.row()
    here, there = await accounts.login(row), await accounts.login(row)
    assert (await me(client, here)).status_code == 200
    assert (await client.post("/api/v1/auth/logout", headers=here.headers)).status_code == 200
    assert (await me(client, here)).status_code == 401
    assert (await client.post("/api/v1/auth/refresh", json={"refresh_token": here.refresh_token})).status_code == 401
    assert (await me(client, there)).status_code == 200


async def test_logout_all_kills_every_session_at_once_and_nobody_else_s(client, accounts):
    row = await accounts.row()
    here, there, stranger = await accounts.login(row), await accounts.login(row), await accounts.user()
    assert (await me(client, there)).status_code == 200
    assert (await client.post("/api/v1/auth/logout-all", headers=here.headers)).status_code == 200
    assert [(await me(client, user)).status_code for user in (here, there, stranger)] == [401, 401, 200]


@on_both_databases
async def test_sessions_are_listed_with_the_current_one_marked(client, accounts):
    row = await accounts.row()
    first, second = await accounts.login(row), await accounts.login(row)
    await accounts.user()
    listed = (await client.get("/api/v1/auth/sessions", headers=second.headers)).json()
    assert [(session["id"], session["current"]) for session in listed] == [
        (session_id(second.access_token), True),
        (session_id(first.access_token), False),
    ]
    assert listed[0]["ip_address"] == "127.0.0.1"
    assert listed[0]["user_agent"].startswith("python-httpx2/")


@on_both_databases
async def test_ending_a_session_from_elsewhere_kills_its_tokens(client, accounts):
    row = await accounts.row()
    here, there = await accounts.login(row), await accounts.login(row)
    path = f"/api/v1/auth/sessions/{session_id(there.access_token)}"
    assert (await me(client, there)).status_code == 200
    assert (await client.delete(path, headers=here.headers)).status_code == 200
    assert (await me(client, there)).status_code == 401
    assert (await me(client, here)).status_code == 200
    assert (await client.delete(path, headers=here.headers)).status_code == 404


@on_both_databases
async def test_nobody_can_end_another_s_session(client, accounts):
    victim, stranger, admin = await accounts.user(), await accounts.user(), await accounts.admin()
    for other in (stranger, admin):
        path = f"/api/v1/auth/sessions/{session_id(victim.access_token)}"
        assert (await client.delete(path, headers=other.headers)).status_code == 404
    assert (await client.delete(f"/api/v1/auth/sessions/{uuid4()}", headers=victim.headers)).status_code == 404
    assert (await me(client, victim)).status_code == 200


@on_sqlite
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "bearer", "Basic YTpi", "Token x", "Bearer a b", "Bearer é", "x" * 9000]
)
async def test_a_broken_authorization_header_is_a_401_with_a_challenge(client, header: str):
    answer = await client.get("/api/v1/auth/me", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


@on_sqlite
async def test_a_bad_token_is_refused_even_where_none_is_needed(client, accounts):
    user = await accounts.user()
    answer = await client.get(f"/api/v1/users/{user.id}", headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401


@on_sqlite
async def test_me_has_an_etag_and_answers_304(client, accounts):
    user = await accounts.user()
    first = await me(client, user)
    again = await client.get("/api/v1/auth/me", headers={**user.headers, "If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert "private" in first.headers["cache-control"]


@on_redis
async def test_a_logout_on_one_worker_is_felt_by_the_others(backend, tmp_path):
    await two_workers_feel_a_logout(settings_for(backend, data_dir=tmp_path, workers=2))


@on_both_databases
async def test_workers_without_redis_feel_a_logout_too(backend, tmp_path):
    await two_workers_feel_a_logout(settings_for(backend, data_dir=tmp_path, workers=2))


async def two_workers_feel_a_logout(settings: Settings) -> None:
    first, second = create_app(settings), create_app(settings)
    async with (
        first.router.lifespan_context(first),
        second.router.lifespan_context(second),
        client_of(first) as one,
        client_of(second) as two,
    ):
        user = await Accounts(first.state.resources.database, one).user()
        for _ in range(3):
            assert (await me(two, user)).status_code == 200
        await one.post("/api/v1/auth/logout", headers=user.headers)
        if settings.redis_url:  # the message may still be on its way
            for _ in range(100):
                if (await me(two, user)).status_code == 401:
                    break
        assert (await me(two, user)).status_code == 401
