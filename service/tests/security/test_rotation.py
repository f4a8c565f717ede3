"""What was stored before SECRET_KEY was changed works after it."""

from typing import Any

import pytest

from app.main import create_app
from tests.backends import Backend, on_sqlite
from tests.conftest import SECRET_KEY, client_of, served, settings_for
from tests.factories import Accounts

NEW = SECRET_KEY[::-1]
NEWEST = "0f1e2d3c4b5a-" + SECRET_KEY
POST = {"title": "Once", "content": "and no more"}


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
