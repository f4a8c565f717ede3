"""POST /auth/refresh: rotation, and what a replayed token costs."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.kit.clock import utcnow
from app.models import OutboxJob, Session, User
from app.records import outbox
from tests.backends import on_both_databases, on_sqlite


async def refresh(client: Any, token: str) -> Any:
    return await client.post("/api/v1/auth/refresh", json={"refresh_token": token})


async def me(client: Any, access_token: str) -> int:
    return (await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {access_token}"})).status_code


async def test_refreshing_gives_a_new_pair_and_both_work(client, accounts):
    user = await accounts.user()
    answer = await refresh(client, user.refresh_token)
    assert answer.status_code == 200
    pair = answer.json()
    assert pair["refresh_token"] != user.refresh_token
    assert pair["access_token"] != user.access_token
    assert await me(client, pair["access_token"]) == 200
    assert (await refresh(client, pair["refresh_token"])).status_code == 200


async def test_a_replayed_refresh_token_kills_its_session_and_no_other(client, accounts):
    row = await accounts.row()
    victim, elsewhere = await accounts.login(row), await accounts.login(row)
    stranger = await accounts.user()
    pair = (await refresh(client, victim.refresh_token)).json()
    assert await me(client, pair["access_token"]) == 200

    assert (await refresh(client, victim.refresh_token)).status_code == 401

    assert await me(client, pair["access_token"]) == 401
    assert await me(client, victim.access_token) == 401
    assert (await refresh(client, pair["refresh_token"])).status_code == 401
    assert await me(client, elsewhere.access_token) == 200
    assert (await refresh(client, elsewhere.refresh_token)).status_code == 200
    assert await me(client, stranger.access_token) == 200


@on_both_databases
async def test_the_owner_is_told_of_a_replay_once(app, client, accounts):
    user = await accounts.user()
    await refresh(client, user.refresh_token)
    for _ in range(3):
        await refresh(client, user.refresh_token)
    async with app.state.resources.database.session() as session:
        jobs = (await session.scalars(select(OutboxJob))).all()
    assert [(job.name, job.payload["user_id"]) for job in jobs] == [(outbox.SEND_SESSION_REVOKED, user.id)]


async def test_eight_concurrent_refreshes_yield_at_most_one_success(client, accounts):
    user = await accounts.user()
    answers = await asyncio.gather(*(refresh(client, user.refresh_token) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) in ([200] + [401] * 7, [401] * 8)
    won = [answer.json()["refresh_token"] for answer in answers if answer.status_code == 200]
    for token in won:  # the seven were replays: nothing of this session is left
        assert (await refresh(client, token)).status_code == 401


@on_both_databases
async def test_a_refresh_token_of_a_deactivated_user_is_refused_and_is_no_replay(app, client, accounts):
    user = await accounts.user()
    async with app.state.resources.database.session() as session:
        await session.execute(update(User).where(User.id == user.id).values(is_active=False))
    assert (await refresh(client, user.refresh_token)).status_code == 401
    async with app.state.resources.database.session() as session:
        assert (await session.scalars(select(Session.revoked_at))).one() is None


@on_both_databases
async def test_an_expired_session_cannot_be_refreshed(app, client, accounts):
    user = await accounts.user()
    async with app.state.resources.database.session() as session:
        await session.execute(update(Session).values(expires_at=utcnow() - timedelta(seconds=1)))
    assert (await refresh(client, user.refresh_token)).status_code == 401


@on_both_databases
async def test_the_database_holds_no_refresh_token(app, client, accounts):
    user = await accounts.user()
    ((stored,),) = await app.state.resources.database.reader.records("SELECT refresh_hash FROM sessions", ())
    assert len(bytes(stored)) == 32
    assert user.refresh_token.encode() not in bytes(stored)


@on_both_databases
async def test_what_is_no_refresh_token_is_refused_without_a_trace(app, client, accounts):
    user = await accounts.user()
    for token in (user.access_token, "x", "a.b.c", user.refresh_token[:-3]):
        answer = await refresh(client, token)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert await me(client, user.access_token) == 200


@on_sqlite
@pytest.mark.parametrize("body", [{}, {"refresh_token": 1}, {"refresh_token": ""}])
async def test_a_fault_of_the_body_is_pointed_at(client, body: dict[str, Any]):
    answer = await client.post("/api/v1/auth/refresh", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/refresh_token"]
