"""POST /auth/register."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from app.kit.clock import utcnow
from app.models import OneTimeToken, OutboxJob, Session, User
from app.records import outbox
from tests.backends import on_both_databases, on_sqlite

ADA: dict[str, Any] = {
    "email": "ada@example.org",
    "username": "ada",
    "password": "Correct7!horse-battery@staple",
    "first_name": "Ada",
    "last_name": "Lovelace",
}


async def register(client: Any, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    return await client.post("/api/v1/auth/register", json={**ADA, **fields}, headers=headers)


async def rows(app: Any, model: Any) -> int:
    async with app.state.resources.database.session() as session:
        return await session.scalar(select(func.count()).select_from(model))


async def test_registering_answers_with_the_user_and_tokens_that_work(client):
    answer = await register(client)
    assert answer.status_code == 200
    body = answer.json()
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 1800
    assert body["message"]
    user = body["user"]
    assert {name: user[name] for name in ("email", "username", "first_name", "last_name")} == {
        name: ADA[name] for name in ("email", "username", "first_name", "last_name")
    }
    assert (user["role"], user["is_active"], user["is_verified"]) == ("user", True, False)
    assert "password" not in answer.text.lower().replace(ADA["password"].lower(), "")
    assert answer.headers["cache-control"] == "no-store"
    me = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert me.json() == user
    assert (await client.post("/api/v1/auth/refresh", json={"refresh_token": body["refresh_token"]})).status_code == 200


@on_both_databases
async def test_the_mail_job_leaves_with_the_account_and_holds_no_token(app, client):
    await register(client)
    async with app.state.resources.database.session() as session:
        job = (await session.scalars(select(OutboxJob))).one()
        token = (await session.scalars(select(OneTimeToken))).one()
        user = (await session.scalars(select(User))).one()
    assert (job.name, job.payload) == (outbox.SEND_VERIFICATION, {"token_id": str(token.id)})
    assert job.request_id
    assert (token.user_id, token.email) == (user.id, ADA["email"])
    assert token.expires_at > utcnow()
    assert user.hashed_password.startswith("$argon2id$")


@on_both_databases
@pytest.mark.parametrize("email", ["ada@example.org", "ADA@Example.ORG", "  Ada@example.org "])
async def test_an_email_that_differs_by_case_is_the_same_account(client, email: str):
    await register(client)
    answer = await register(client, email=email, username="another")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "#/email"


@on_both_databases
async def test_a_username_that_differs_by_case_is_taken(client):
    await register(client, username="Ada_L")
    answer = await register(client, email="other@example.org", username="aDA_l")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == "#/username"


async def test_eight_concurrent_registrations_of_one_email_yield_one_account(app, client):
    answers = await asyncio.gather(*(register(client, username=f"ada{number}") for number in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert (await rows(app, User), await rows(app, Session), await rows(app, OutboxJob)) == (1, 1, 1)


@on_both_databases
async def test_eight_concurrent_registrations_of_one_username_yield_one_account(app, client):
    answers = await asyncio.gather(*(register(client, email=f"ada{number}@example.org") for number in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert await rows(app, User) == 1


@on_sqlite
@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"username": "ab"}, "#/username"),
        ({"username": "a" * 51}, "#/username"),
        ({"username": "ada lovelace"}, "#/username"),
        ({"username": "adá"}, "#/username"),
        ({"username": "ada\n"}, "#/username"),
        ({"email": "ada"}, "#/email"),
        ({"email": "ada@localhost@x"}, "#/email"),
        ({"email": "ada\x00@example.org"}, "#/email"),
        ({"password": "Sh0rt!a"}, "#/password"),
        ({"password": "Aa1!" * 33}, "#/password"),
        ({"password": "correct7!horse-battery"}, "#/password"),
        ({"password": "CORRECT7!HORSE-BATTERY"}, "#/password"),
        ({"password": "Correct!horse-battery"}, "#/password"),
        ({"password": "Correct7horse-battery"}, "#/password"),
        ({"password": "Password1!"}, "#/password"),
        ({"password": "Ada7!horse-battery@staple"}, "#/password"),
        ({"password": "x9K!ada@example.org-battery"}, "#/password"),
        ({"first_name": ""}, "#/first_name"),
        ({"first_name": "   "}, "#/first_name"),
        ({"first_name": "a" * 51}, "#/first_name"),
        ({"last_name": "two\nlines"}, "#/last_name"),
        ({"bio": "a" * 501}, "#/bio"),
        ({"bio": "nul \x00"}, "#/bio"),
        ({"avatar": "javascript:alert(1)"}, "#/avatar"),
        ({"avatar": "ftp://example.org/x.png"}, "#/avatar"),
        ({"avatar": "nothing"}, "#/avatar"),
        ({"role": "admin"}, "#/role"),
        ({"is_verified": True}, "#/is_verified"),
        ({"email": None}, "#/email"),
        ({"username": 5}, "#/username"),
    ],
)
async def test_a_field_that_breaks_its_rule_is_named(client, fields: dict[str, Any], pointer: str):
    answer = await register(client, **fields)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert str(fields.get("password", "no password")) not in answer.text  # what was sent is not sent back


@on_sqlite
async def test_a_lone_surrogate_is_refused(client):
    body = b'{"email":"a@example.org","username":"abc","password":"Correct7!horse-battery","first_name":"\\ud800"}'
    answer = await client.post("/api/v1/auth/register", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


@on_both_databases
async def test_names_of_every_script_are_kept_as_they_are(client):
    answer = await register(client, first_name="Łukasz 😀", last_name="李", bio="first\nsecond line")
    user = answer.json()["user"]
    assert (user["first_name"], user["last_name"], user["bio"]) == ("Łukasz 😀", "李", "first\nsecond line")


@on_both_databases
async def test_an_idempotency_key_gives_the_first_answer_again(app, client):
    key = {"Idempotency-Key": "3f0c8a52"}
    first = await register(client, key)
    again = await register(client, key)
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert await rows(app, User) == 1


@on_both_databases
async def test_a_registration_repeated_after_its_tokens_were_used_ends_no_session(app, client):
    key = {"Idempotency-Key": "3f0c8a52"}
    first = (await register(client, key)).json()
    used = await client.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    again = await register(client, key)
    assert again.status_code == 200
    assert again.json()["user"] == first["user"]
    assert await rows(app, User) == 1
    for refresh_token in (again.json()["refresh_token"], used.json()["refresh_token"]):
        answer = await client.post("/api/v1/auth/refresh", json={"refresh_token": refresh_token})
        assert answer.status_code == 200, "both sessions go on"


@on_both_databases
async def test_a_registration_repeated_after_the_account_changed_is_told_to_sign_in(app, client):
    key = {"Idempotency-Key": "3f0c8a52"}
    first = (await register(client, key)).json()
    headers = {"Authorization": f"Bearer {first['access_token']}"}
    change = {"current_password": ADA["password"], "new_password": "Another9$giraffe-lantern"}
    assert (await client.post("/api/v1/auth/password/change", json=change, headers=headers)).status_code == 200
    assert (await client.post("/api/v1/auth/logout", headers=headers)).status_code == 200
    again = await register(client, key)
    assert again.status_code == 409
    assert again.json()["type"] == "urn:problem-type:idempotency-gone"


async def test_eight_concurrent_requests_with_one_idempotency_key_are_one_registration(app, client):
    key = {"Idempotency-Key": "3f0c8a52"}
    answers = await asyncio.gather(*(register(client, key) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert (await rows(app, User), await rows(app, OutboxJob)) == (1, 1)


@on_both_databases
async def test_an_idempotency_key_is_for_one_request_only(client):
    key = {"Idempotency-Key": "3f0c8a52"}
    await register(client, key)
    answer = await register(client, key, email="other@example.org")
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:problem-type:idempotency-key-reused"


@on_both_databases
async def test_a_refused_registration_leaves_its_idempotency_key_unused(client):
    key = {"Idempotency-Key": "3f0c8a52"}
    await register(client)
    assert (await register(client, key, username="grace")).status_code == 400
    assert (await register(client, key, username="grace", email="grace@example.org")).status_code == 200


@on_both_databases
async def test_stored_answers_cannot_be_read_without_the_client_s_key(app, client):
    answer = await register(client, {"Idempotency-Key": "3f0c8a52"})
    reader = app.state.resources.database.reader
    ((stored, key_hash),) = await reader.records("SELECT answer, key_hash FROM idempotency_records", ())
    assert answer.json()["refresh_token"].encode() not in bytes(stored)
    assert b"3f0c8a52" not in bytes(key_hash)


@on_sqlite
@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256])
async def test_an_idempotency_key_that_is_none_is_refused(client, key: str):
    answer = await register(client, {"Idempotency-Key": key.encode("latin-1")})
    assert answer.status_code == 422


@on_sqlite
@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("\u0627\u0633\u0645", True),  # Arabic
        ("\u05e9\u05dc\u05d5\u05dd\u200f", True),  # Hebrew, with the mark that its punctuation may need
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", True),  # Persian, with a non-joiner
        ("\u202eevil", False),
        ("a\u2066b\u2069", False),
        ("\u200b", False),
        ("\u3164", False),
        ("\u00ad\u200f", False),
    ],
)
async def test_a_name_can_be_seen_and_turns_nothing_around_it(client, name: str, taken: bool):
    answer = await register(client, first_name=name)
    assert answer.status_code == (200 if taken else 422)
    if not taken:
        assert [error["pointer"] for error in answer.json()["errors"]] == ["#/first_name"]


@on_sqlite
@pytest.mark.parametrize(
    ("email", "others", "strangers"),
    [
        ("\u0130STANBUL@example.org", ["i\u0307stanbul@example.org"], ["istanbul@example.org"]),
        ("ISPARTA@example.org", ["isparta@example.org", "Isparta@EXAMPLE.ORG"], ["\u0131sparta@example.org"]),
        ("\u039f\u0394\u039f\u03a3@example.org", ["\u03bf\u03b4\u03bf\u03c2@example.org"], []),
        ("stra\u00dfe@example.org", ["STRA\u1e9eE@example.org"], ["strasse@example.org"]),
        ("ann+blog@example.org", ["ANN+BLOG@example.org"], ["ann@example.org"]),
    ],
)
async def test_an_address_is_found_by_its_spellings_and_by_no_other_mailboxs(
    client, email: str, others: list[str], strangers: list[str]
):
    assert (await register(client, email=email)).status_code == 200
    for spelling in (email, *others, *strangers):
        form = {"username": spelling, "password": ADA["password"]}
        status = (await client.post("/api/v1/auth/login", data=form)).status_code
        assert status == (401 if spelling in strangers else 200), spelling
