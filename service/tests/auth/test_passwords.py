"""Changing, forgetting and resetting a password."""

import asyncio
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import select, update

from app.api.v1.endpoints.auth import FORGOT_STEP
from app.auth import one_time_tokens
from app.kit.clock import in_steps, utcnow
from app.main import create_app
from app.models import OneTimeToken, OutboxJob, Purpose, User
from app.records import outbox
from tests.backends import on_both_databases, on_sqlite
from tests.conftest import client_of, settings_for
from tests.factories import PASSWORD, Accounts

NEW = "Another4&purple-monkey-dishwasher"


async def status_of_me(client: Any, user: Any) -> int:
    return (await client.get("/api/v1/auth/me", headers=user.headers)).status_code


async def log_in(client: Any, email: str, password: str) -> int:
    return (await client.post("/api/v1/auth/login", data={"username": email, "password": password})).status_code


async def change(client: Any, user: Any, current: str = PASSWORD, new: str = NEW) -> Any:
    body = {"current_password": current, "new_password": new}
    return await client.post("/api/v1/auth/password/change", json=body, headers=user.headers)


async def reset_token(app: Any, user: Any, lifetime: timedelta = timedelta(minutes=30)) -> str:
    """What the mail to this user would carry."""
    resources = app.state.resources
    row = one_time_tokens.make(
        user_id=user.id,
        email=user.email,
        purpose=Purpose.RESET_PASSWORD,
        lifetime=lifetime,
        secret=resources.signer.secret,
    )
    async with resources.database.session() as session:
        await one_time_tokens.replace(session, row)
    return one_time_tokens.reveal(row, secrets=resources.signer.secrets)


async def reset(client: Any, token: str, new: str = NEW) -> Any:
    return await client.post("/api/v1/auth/password/reset", json={"token": token, "new_password": new})


async def jobs(app: Any) -> list[tuple[str, dict[str, Any]]]:
    async with app.state.resources.database.session() as session:
        return [(job.name, job.payload) for job in await session.scalars(select(OutboxJob))]


async def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one(app, client, accounts):
    row = await accounts.row(email="ada@example.org")
    here, there = await accounts.login(row), await accounts.login(row)
    assert await status_of_me(client, there) == 200
    assert (await change(client, here)).status_code == 200
    assert await status_of_me(client, here) == 200
    assert await status_of_me(client, there) == 401
    assert await log_in(client, "ada@example.org", PASSWORD) == 401
    assert await log_in(client, "ada@example.org", NEW) == 200
    assert await jobs(app) == [(outbox.SEND_SECURITY_NOTICE, {"user_id": here.id, "event": "password_changed"})]


@on_both_databases
async def test_the_current_password_must_be_right(app, client, accounts):
    user = await accounts.user()
    answer = await change(client, user, current="wrong")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "#/current_password"
    assert await jobs(app) == []


@on_sqlite
@pytest.mark.parametrize("new", [PASSWORD, "Password1!", "weak", "Xy9!person-zzz-ada@example.org"])
async def test_a_new_password_keeps_the_rules(client, accounts, new: str):
    user = await accounts.user(email="ada@example.org")
    answer = await change(client, user, new=new)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/new_password"


@on_both_databases
async def test_forgetting_answers_the_same_for_any_address_and_writes_the_same(app, client, accounts):
    await accounts.row(email="ada@example.org")
    answers = [
        await client.post("/api/v1/auth/password/forgot", json={"email": email})
        for email in ("ADA@example.org", "nobody@example.org")
    ]
    assert {answer.status_code for answer in answers} == {202}
    assert answers[0].content == answers[1].content
    assert sorted(payload["email"] for _, payload in await jobs(app)) == ["ada@example.org", "nobody@example.org"]


async def test_a_reset_sets_the_password_ends_every_session_and_works_once(app, client, accounts):
    user = await accounts.user(email="ada@example.org", is_verified=False)
    assert await status_of_me(client, user) == 200
    token = await reset_token(app, user)
    assert (await reset(client, token)).status_code == 200
    assert await status_of_me(client, user) == 401
    assert await log_in(client, "ada@example.org", NEW) == 200
    assert (await reset(client, token, "Third5%purple-monkey-dishwasher")).status_code == 400
    assert await log_in(client, "ada@example.org", NEW) == 200
    async with app.state.resources.database.session() as session:
        assert await session.scalar(select(User.is_verified)) is True  # who reads the mail owns the address
    assert await jobs(app) == [(outbox.SEND_SECURITY_NOTICE, {"user_id": user.id, "event": "password_reset"})]


@on_both_databases
async def test_of_two_resets_at_once_with_one_token_one_works(app, client, accounts):
    user = await accounts.user()
    token = await reset_token(app, user)
    answers = await asyncio.gather(*(reset(client, token, f"{NEW}{number}") for number in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]


@on_both_databases
async def test_a_refused_new_password_does_not_use_the_token_up(app, client, accounts):
    token = await reset_token(app, await accounts.user())
    assert (await reset(client, token, "Password1!")).status_code == 422
    assert (await reset(client, token)).status_code == 200


@on_both_databases
async def test_a_newer_token_replaces_the_older_one(app, client, accounts):
    user = await accounts.user()
    older, newer = await reset_token(app, user), await reset_token(app, user)
    assert (await reset(client, older)).status_code == 400
    assert (await reset(client, newer)).status_code == 200


@on_both_databases
async def test_expired_unknown_and_foreign_tokens_are_refused_alike(app, client, accounts):
    user, other = await accounts.user(), await accounts.user()
    expired = await reset_token(app, user, lifetime=timedelta(seconds=-1))
    moved = await reset_token(app, other)
    async with app.state.resources.database.session() as session:
        await session.execute(update(User).where(User.id == other.id).values(email="moved@example.org"))
    answers = [await reset(client, token) for token in (expired, moved, "x", "A" * 64, user.access_token)]
    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.json()["detail"] for answer in answers}) == 1


@on_both_databases
async def test_a_token_for_one_purpose_is_none_for_another(app, client, accounts):
    token = await reset_token(app, await accounts.user())
    assert (await client.post("/api/v1/auth/verify-email", json={"token": token})).status_code == 400
    assert (await reset(client, token)).status_code == 200


@on_both_databases
async def test_a_deactivated_user_cannot_reset(app, client, accounts):
    user = await accounts.user()
    token = await reset_token(app, user)
    async with app.state.resources.database.session() as session:
        await session.execute(update(User).where(User.id == user.id).values(is_active=False))
    assert (await reset(client, token)).status_code == 400


@on_both_databases
async def test_the_database_alone_does_not_yield_the_token(app, accounts):
    user = await accounts.user()
    token = await reset_token(app, user)
    async with app.state.resources.database.session() as session:
        row = (await session.scalars(select(OneTimeToken))).one()
    assert token.encode() not in row.token_hash
    assert one_time_tokens.reveal(row, secrets=app.state.resources.signer.secrets) == token
    with pytest.raises(LookupError):
        one_time_tokens.reveal(row, secrets=["another key"])
    assert row.expires_at > utcnow()


@on_sqlite
async def test_how_long_forgetting_works_is_not_to_be_seen(client, accounts):
    known = await accounts.user(email="known@example.org")
    for email in (known.email, "unknown@example.org"):
        began = perf_counter()
        await client.post("/api/v1/auth/password/forgot", json={"email": email})
        assert perf_counter() - began >= FORGOT_STEP * 0.99


async def test_work_in_steps_takes_whole_ones():
    for work, steps in ((0.0, 1), (0.03, 2)):
        began = perf_counter()
        async with in_steps(0.02):
            await asyncio.sleep(work)
        assert perf_counter() - began >= steps * 0.019


@on_sqlite
async def test_asking_for_reset_links_is_limited_alike_for_known_and_unknown_addresses(backend, tmp_path):
    limits = {"rate_limit_requests": 100, "rate_limit_forgot": 2, "trusted_proxies": "127.0.0.1"}
    app = create_app(settings_for(backend, data_dir=tmp_path, **limits))
    async with app.router.lifespan_context(app):
        await Accounts(app.state.resources.database, client_of(app)).row(email="ada@example.org")
        for email, address in (("ada@example.org", "192.0.2.1"), ("nobody@example.org", "192.0.2.2")):
            async with client_of(app, headers={"X-Forwarded-For": address}) as client:
                answers = [await client.post("/api/v1/auth/password/forgot", json={"email": email}) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [202, 202, 429]
