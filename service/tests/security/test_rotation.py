"""What was stored before SECRET_KEY was changed works after it."""

import asyncio
import re
import time
from contextlib import AsyncExitStack
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pyotp
import pytest

from app.mail.mailer import FileMailer
from app.main import create_app
from app.security import totp
from app.tasks.catalogue import registry
from app.tasks.runner import Runner
from app.tasks.store import JobStore
from tests.backends import Backend, on_postgres, on_sqlite
from tests.conftest import SECRET_KEY, client_of, served, settings_for
from tests.factories import PASSWORD, Accounts
from tests.tasks.test_mails import parts

NEW = SECRET_KEY[::-1]
NEWEST = "0f1e2d3c4b5a-" + SECRET_KEY
AUTH = "/api/v1/auth"
LINK = re.compile(r"/([a-z-]+)#token=(\S+)")
POST = {"title": "Once", "content": "and no more"}


def decoded(mail: Path) -> str:
    message = message_from_bytes(mail.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return parts(message)[0]


def rotated(backend: Backend, data_dir: Any, *keys: str) -> Any:
    return settings_for(backend, data_dir=data_dir, secret_key=keys[0], previous_secret_keys=list(keys[1:]))


@on_sqlite
@pytest.mark.parametrize("keys", [(NEW, SECRET_KEY), (NEWEST, NEW, SECRET_KEY)])
async def test_a_retry_after_a_rotation_gets_the_first_answer_and_does_nothing_twice(
    backend: Backend, tmp_path: Any, keys: tuple[str, ...]
):
    before = create_app(rotated(backend, tmp_path, SECRET_KEY))
    async with before.router.lifespan_context(before), client_of(before) as client:
        author = await Accounts(before.state.resources.database, client).user()
        headers = {**author.headers, "Idempotency-Key": "one"}
        first = await client.post("/api/v1/posts", json=POST, headers=headers)
        assert first.status_code == 201
    async with served(rotated(backend, tmp_path, *keys)) as client:
        again = await client.post("/api/v1/posts", json=POST, headers=headers)
        assert (again.status_code, again.json()) == (201, first.json())
        other = await client.post("/api/v1/posts", json={**POST, "title": "Other"}, headers=headers)
        assert other.json()["type"] == "urn:problem-type:idempotency-key-reused"
        mine = await client.get("/api/v1/posts", params={"author": author.id}, headers=author.headers)
        assert mine.json()["total"] == 1


@on_sqlite
async def test_a_worker_that_does_not_have_the_new_key_yet_never_tells_a_client_to_post_again(
    backend: Backend, tmp_path: Any
):
    after = create_app(rotated(backend, tmp_path, NEW, SECRET_KEY))
    async with after.router.lifespan_context(after), client_of(after) as client:
        author = await Accounts(after.state.resources.database, client).user()
        token = await client.post("/api/v1/auth/login", data={"username": author.email, "password": author.password})
        assert token.status_code == 200
    before = rotated(backend, tmp_path, SECRET_KEY)
    async with served(before) as client:
        signed_in = await client.post(
            "/api/v1/auth/login", data={"username": author.email, "password": author.password}
        )
        old = {"Authorization": f"Bearer {signed_in.json()['access_token']}", "Idempotency-Key": "two"}
    async with served(rotated(backend, tmp_path, NEW, SECRET_KEY)) as client:
        assert (await client.post("/api/v1/posts", json=POST, headers=old)).status_code == 201
    async with served(before) as client:
        answer = await client.post("/api/v1/posts", json=POST, headers=old)
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:problem-type:idempotency-gone"


def parsed_code(enrolled: dict[str, Any], *, periods: int = 0) -> str:
    app = pyotp.parse_uri(enrolled["otpauth_uri"])
    assert isinstance(app, pyotp.TOTP)
    return app.at(int(time.time()) + periods * totp.PERIOD)


@on_sqlite
async def test_everything_that_is_stored_outlives_two_rotations(backend: Backend, tmp_path: Any):
    before = create_app(rotated(backend, tmp_path, SECRET_KEY))
    async with before.router.lifespan_context(before), client_of(before) as client:
        accounts = Accounts(before.state.resources.database, client)
        user, guarded = await accounts.user(is_verified=False), await accounts.user()
        token = await accounts.api_token(user, "profile:read")
        enrolled = (
            await client.post(f"{AUTH}/second-factor", json={"password": PASSWORD}, headers=guarded.headers)
        ).json()
        body = {"code": parsed_code(enrolled)}
        confirmed = await client.post(f"{AUTH}/second-factor/confirm", json=body, headers=guarded.headers)
        assert confirmed.status_code == 200
        await client.post(f"{AUTH}/verify-email/resend", headers=user.headers)
        await client.post(f"{AUTH}/password/forgot", json={"email": user.email})
    settings = rotated(backend, tmp_path, NEWEST, NEW, SECRET_KEY)
    store = JobStore(settings)
    runner = Runner(settings, store, FileMailer(tmp_path / "mail"), registry=registry)
    while ids := store.due(50):
        for id_ in ids:
            runner.run(id_)
    store.close()
    links = {found[1]: found[2] for mail in (tmp_path / "mail").iterdir() for found in LINK.finditer(decoded(mail))}
    async with served(settings) as client:
        assert (await client.get(f"{AUTH}/me", headers=user.headers)).status_code == 200
        by_token = {"Authorization": f"Bearer {token['token']}"}
        assert (await client.get(f"{AUTH}/me", headers=by_token)).status_code == 200
        refreshed = await client.post(f"{AUTH}/refresh", json={"refresh_token": user.refresh_token})
        assert refreshed.status_code == 200
        verified = await client.post(f"{AUTH}/verify-email", json={"token": links["verify-email"]})
        assert verified.status_code == 200
        new = {"token": links["reset-password"], "new_password": "Another9$giraffe-lantern"}
        assert (await client.post(f"{AUTH}/password/reset", json=new)).status_code == 200
        form = {"username": guarded.email, "password": PASSWORD}
        challenge = (await client.post(f"{AUTH}/login", data=form)).json()["mfa_token"]
        step = {"mfa_token": challenge, "code": parsed_code(enrolled, periods=1)}
        assert (await client.post(f"{AUTH}/login/second-factor", json=step)).status_code == 200


@on_postgres
async def test_a_rotation_in_two_steps_refuses_nobody_while_old_and_new_processes_serve_together(
    backend: Backend, tmp_path: Any
):
    """As docs/security.md says: the new key verifies everywhere before it signs anywhere."""
    stages = [(SECRET_KEY,), (SECRET_KEY, NEW), (NEW, SECRET_KEY)]
    apps = [create_app(rotated(backend, tmp_path, *keys)) for keys in stages]
    async with AsyncExitStack() as running:
        for app in apps:
            await running.enter_async_context(app.router.lifespan_context(app))
        clients = [await running.enter_async_context(client_of(app)) for app in apps]
        author = await Accounts(apps[0].state.resources.database, clients[0]).user()
        refused: list[str] = []

        async def live(serving: list[httpx2.AsyncClient], number: int) -> None:
            """Sign in, write, repeat the write and refresh, each at another process."""
            chance = Random(number)

            async def ask(method: str, path: str, **options: Any) -> dict[str, Any]:
                answer = await chance.choice(serving).request(method, f"/api/v1{path}", **options)
                if answer.status_code >= 400:
                    refused.append(f"{method} {path}: {answer.text}")
                return answer.json()

            pair = await ask("POST", "/auth/login", data={"username": author.email, "password": PASSWORD})
            for turn in range(3):
                headers = {"Authorization": f"Bearer {pair.get('access_token')}"}
                once = {**headers, "Idempotency-Key": f"{id(serving)}-{number}-{turn}"}
                first = await ask("POST", "/posts", json=POST, headers=once)
                again = await ask("POST", "/posts", json=POST, headers=once)
                if first != again:
                    refused.append("the repeated write was another one")
                await ask("GET", "/auth/me", headers=headers)
                pair = await ask("POST", "/auth/refresh", json={"refresh_token": pair.get("refresh_token", "")})

        for serving in (clients[:2], clients[1:]):  # each step rolls out while the one before still serves
            await asyncio.gather(*(live(serving, number) for number in range(6)))
        assert refused == []
