"""Proving that an address is one's own."""

from typing import Any

from sqlalchemy import select, update

from app.auth import mail_pace, one_time_tokens
from app.kit.clock import utcnow
from app.models import OneTimeToken, OutboxJob, User
from app.records import outbox
from tests.backends import on_both_databases

REGISTRATION = {"email": "ada@example.org", "username": "ada", "password": "Correct7!horse-battery@staple"}


async def register(client: Any) -> dict[str, str]:
    body = (await client.post("/api/v1/auth/register", json=REGISTRATION)).json()
    return {"Authorization": f"Bearer {body['access_token']}"}


async def mailed_tokens(app: Any) -> list[str]:
    """The tokens that the mail jobs written so far would send; those that are over are not sent."""
    resources = app.state.resources
    async with resources.database.session() as session:
        jobs = (await session.scalars(select(OutboxJob).where(OutboxJob.name == outbox.SEND_VERIFICATION))).all()
        rows = {str(row.id): row for row in await session.scalars(select(OneTimeToken))}
        rows = {id_: row for id_, row in rows.items() if row.expires_at > utcnow()}
    wanted = [rows[job.payload["token_id"]] for job in jobs if job.payload["token_id"] in rows]
    return [one_time_tokens.reveal(row, secrets=resources.signer.secrets) for row in wanted]


async def verify(client: Any, token: str) -> int:
    return (await client.post("/api/v1/auth/verify-email", json={"token": token})).status_code


async def test_the_mailed_token_verifies_the_address_once_and_at_once(app, client):
    headers = await register(client)
    assert (await client.get("/api/v1/auth/me", headers=headers)).json()["is_verified"] is False
    (token,) = await mailed_tokens(app)
    assert await verify(client, token) == 200
    assert (await client.get("/api/v1/auth/me", headers=headers)).json()["is_verified"] is True
    assert await verify(client, token) == 400


@on_both_databases
async def test_sending_again_makes_a_new_token_and_ends_the_old_one(app, client):
    headers = await register(client)
    (first,) = await mailed_tokens(app)
    assert (await client.post("/api/v1/auth/verify-email/resend", headers=headers)).status_code == 202
    (second,) = await mailed_tokens(app)
    assert first != second
    assert await verify(client, first) == 400
    assert await verify(client, second) == 200
    assert (await client.post("/api/v1/auth/verify-email/resend", headers=headers)).status_code == 202
    assert await mailed_tokens(app) == [second]  # nothing more is sent to a verified address


@on_both_databases
async def test_a_token_proves_the_address_it_was_sent_to_and_no_other(app, client):
    await register(client)
    (token,) = await mailed_tokens(app)
    async with app.state.resources.database.session() as session:
        await session.execute(update(User).values(email="moved@example.org"))
    assert await verify(client, token) == 400
    async with app.state.resources.database.session() as session:
        assert await session.scalar(select(User.is_verified)) is False
        assert await session.scalar(select(OneTimeToken.used_at)) is None  # the refusal rolled everything back


@on_both_databases
async def test_a_verification_token_does_not_reset_the_password(app, client):
    await register(client)
    (token,) = await mailed_tokens(app)
    body = {"token": token, "new_password": "Another4&purple-monkey-dishwasher"}
    assert (await client.post("/api/v1/auth/password/reset", json=body)).status_code == 400


@on_both_databases
async def test_one_account_is_mailed_a_handful_of_links_at_once_and_then_one_an_hour(app, client):
    headers = await register(client)
    asked = [await client.post("/api/v1/auth/verify-email/resend", headers=headers) for _ in range(mail_pace.FREE)]
    assert [answer.status_code for answer in asked] == [202] * (mail_pace.FREE - 1) + [429]
    assert 3_590 <= int(asked[-1].headers["retry-after"]) <= 3_600
    (newest,) = await mailed_tokens(app)
    async with app.state.resources.database.session() as session:
        for token in await session.scalars(select(OneTimeToken)):
            token.created_at -= mail_pace.AFTERWARDS
    assert (await client.post("/api/v1/auth/verify-email/resend", headers=headers)).status_code == 202
    assert (await client.post("/api/v1/auth/verify-email/resend", headers=headers)).status_code == 429
    (token,) = await mailed_tokens(app)
    assert token != newest
    assert await verify(client, token) == 200
