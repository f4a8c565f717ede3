"""POST /auth/login."""

import asyncio
import time
from typing import Any

import bcrypt
import pytest
from sqlalchemy import func, select, update

from app.main import create_app
from app.models import Role, Session, User
from tests.backends import on_both_databases, on_redis, on_sqlite
from tests.conftest import client_of, settings_for
from tests.factories import PASSWORD, Accounts

LOGIN = "/api/v1/auth/login"


async def log_in(client: Any, username: str, password: str = PASSWORD, **fields: Any) -> Any:
    return await client.post(LOGIN, data={"username": username, "password": password, **fields})


@pytest.mark.parametrize("identifier", ["ada@example.org", "ADA@example.ORG", "ada", "Ada", " ada "])
async def test_email_and_username_sign_in_whatever_their_case(client, accounts, identifier: str):
    await accounts.row(email="ada@example.org", username="Ada")
    answer = await log_in(client, identifier)
    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert answer.headers["cache-control"] == "no-store"


@on_both_databases
async def test_wrong_password_and_unknown_user_say_the_same(client, accounts):
    await accounts.row(email="ada@example.org")
    answers = [
        await log_in(client, "ada@example.org", "wrong"),
        await log_in(client, "nobody@example.org", "wrong"),
        await log_in(client, "nobody", "wrong"),
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    told = [{**answer.json(), "request_id": None} for answer in answers]
    assert told[0] == told[1] == told[2]


@on_both_databases
async def test_wrong_password_and_unknown_user_take_the_same_time(client, accounts):
    await accounts.row(email="ada@example.org")

    async def took(email: str) -> float:
        before = time.process_time()  # of all threads: other processes are not counted
        assert (await log_in(client, email, "wrong")).status_code == 401
        return time.process_time() - before

    pairs = [(await took("ada@example.org"), await took("nobody@example.org")) for _ in range(12)]
    known, unknown = (min(times) for times in zip(*pairs, strict=True))
    assert 0.5 < unknown / known < 2


@on_both_databases
async def test_a_deactivated_account_cannot_sign_in(client, accounts):
    await accounts.row(email="ada@example.org", is_active=False)
    assert (await log_in(client, "ada@example.org")).status_code == 401
    wrong = await log_in(client, "ada@example.org", "wrong")
    assert "deactivated" not in wrong.text  # only who knows the password may know that


@on_both_databases
async def test_an_older_bcrypt_hash_signs_in_and_is_replaced(app, client, accounts):
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    user = await accounts.row(email="ada@example.org", hashed_password=old)
    assert (await log_in(client, "ada@example.org")).status_code == 200
    async with app.state.resources.database.session() as session:
        kept = await session.scalar(select(User.hashed_password).where(User.id == user.id))
    assert kept.startswith("$argon2id$")
    assert (await log_in(client, "ada@example.org")).status_code == 200


@on_both_databases
async def test_signing_in_is_noted_but_is_no_change_of_the_profile(app, client, accounts):
    user = await accounts.user()
    profile = (await client.get("/api/v1/auth/me", headers=user.headers)).json()
    assert profile["last_login_at"] is not None
    assert profile["version"] == 1
    assert profile["updated_at"] == profile["created_at"] or profile["updated_at"] < profile["last_login_at"]


@on_both_databases
async def test_a_password_changed_during_the_login_wins(app, client, accounts, monkeypatch):
    user = await accounts.row(email="ada@example.org")
    database, hasher = app.state.resources.database, app.state.resources.hasher
    verify = hasher.verify

    async def verify_then_change(password: str, hashed: str | None) -> Any:
        result = await verify(password, hashed)
        async with database.session() as session:
            await session.execute(update(User).where(User.id == user.id).values(hashed_password="changed"))
        return result

    monkeypatch.setattr(hasher, "verify", verify_then_change)  # a pause at the one moment that matters
    assert (await log_in(client, "ada@example.org")).status_code == 401
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(Session)) == 0


@on_sqlite
async def test_the_form_is_oauth2_s(client, accounts):
    await accounts.row(email="ada@example.org")
    fits = {"grant_type": "password", "scope": "", "client_id": "app", "client_secret": "", "state": "unknown"}
    assert (await log_in(client, "ada@example.org", **fits)).status_code == 200
    assert (await log_in(client, "ada@example.org", grant_type="client_credentials")).status_code == 422
    as_json = await client.post(LOGIN, json={"username": "ada@example.org", "password": PASSWORD})
    assert as_json.status_code == 422
    upload = await client.post(LOGIN, data={"password": PASSWORD}, files={"username": ("a.txt", b"ada@example.org")})
    assert upload.status_code == 422
    assert (await client.post(LOGIN, data={"username": "ada@example.org"})).status_code == 422
    assert (await client.post(LOGIN)).status_code == 422


@on_both_databases
@pytest.mark.parametrize("identifier", ["a\x00b", "a\x00@example.org", "%", "' OR 1=1 --", "x" * 320, "é@é.é"])
async def test_a_hostile_username_is_an_ordinary_refusal(client, identifier: str):
    assert (await log_in(client, identifier)).status_code in {401, 422}


@on_both_databases
async def test_a_password_longer_than_any_is_wrong_not_slow(client, accounts):
    await accounts.row(email="ada@example.org")
    assert (await log_in(client, "ada@example.org", "x" * 1024)).status_code == 401
    assert (await log_in(client, "ada@example.org", "x" * 1025)).status_code == 422


@on_redis
async def test_guessing_at_one_account_is_limited_on_every_worker(backend, tmp_path):
    chosen = settings_for(backend, data_dir=tmp_path, rate_limit_requests=100, rate_limit_login=3)
    first, second = create_app(chosen), create_app(chosen)
    async with (
        first.router.lifespan_context(first),
        second.router.lifespan_context(second),
        client_of(first) as one,
        client_of(second) as two,
    ):
        await Accounts(first.state.resources.database, one).row(email="ada@example.org")
        answers = [await log_in(client, "Ada@example.org", "wrong") for client in (one, two, one, two)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


@on_sqlite
async def test_eight_concurrent_logins_are_eight_sessions(client, accounts):
    await accounts.row(email="ada@example.org", role=Role.ADMIN)
    answers = await asyncio.gather(*(log_in(client, "ada@example.org") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    headers = {"Authorization": f"Bearer {answers[0].json()['access_token']}"}
    sessions = (await client.get("/api/v1/auth/sessions", headers=headers)).json()
    assert len({session["id"] for session in sessions}) == 8
