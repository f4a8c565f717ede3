"""One account, however its address or its password is spelled."""

import unicodedata
from typing import Any

import pytest
from sqlalchemy import update

from app.models import User
from app.security.passwords import PasswordHasher
from tests.backends import Backend, on_redis, on_sqlite
from tests.conftest import served, settings_for

PASSWORD = "Zebra7!caf\u00e9-lantern"
NFD = unicodedata.normalize("NFD", PASSWORD)


async def register(client: Any, email: str, **fields: Any) -> Any:
    sent = {"email": email, "username": "ann", "password": PASSWORD, **fields}
    return await client.post("/api/v1/auth/register", json=sent)


async def log_in(client: Any, username: str, password: str = PASSWORD) -> Any:
    return await client.post("/api/v1/auth/login", data={"username": username, "password": password})


SPELLED = [
    ("u1@xn--bcher-kva.example", ["u1@xn--bcher-kva.example", "u1@bücher.example", "U1@BÜCHER.example"]),
    ("jose\u0301@example.org", ["jose\u0301@example.org", "jos\u00e9@example.org", "JOS\u00c9@Example.org"]),
    ("ann@ｅxample.org", ["ann@ｅxample.org", "ann@example.org"]),
    ("İpek@example.org", ["İpek@example.org", "i\u0307pek@example.org"]),
    ("ann+list@example.org", ["Ann+List@example.org"]),
    ("ΟΔΟΣ@example.org", ["οδος@example.org", "ΟΔΟΣ@example.org"]),
]


@on_sqlite
@pytest.mark.parametrize(("registered", "spellings"), SPELLED)
async def test_an_account_is_found_by_every_spelling_of_its_address(client, registered: str, spellings: list[str]):
    assert (await register(client, registered)).status_code == 200
    for spelling in spellings:
        assert (await log_in(client, spelling)).status_code == 200, spelling
        again = await register(client, spelling, username="bob")
        assert again.json()["type"] == "urn:problem-type:already-taken"


@on_sqlite
async def test_what_is_no_address_signs_nobody_in(client):
    for given in ("@", "a@", "@b", "a b@c", "a@b@c", "x" * 300 + "@example.org"):
        assert (await log_in(client, given)).status_code == 401, given


@on_sqlite
async def test_a_password_fits_whichever_way_the_keyboard_composes_it(client, app):
    await register(client, "ann@example.org")
    assert [(await log_in(client, "ann", given)).status_code for given in (PASSWORD, NFD)] == [200, 200]
    hasher = PasswordHasher()
    async with app.state.resources.database.session() as session:  # as an earlier version stored it
        await session.execute(update(User).values(hashed_password=await hasher.hash(NFD)))
    assert [(await log_in(client, "ann", given)).status_code for given in (PASSWORD, NFD)] == [200, 200]
    assert (await log_in(client, "ann", PASSWORD + "!")).status_code == 401
    hasher.close()


@on_redis
async def test_tries_at_an_account_are_counted_together_whatever_name_and_spelling_is_given(
    backend: Backend, tmp_path: Any
):
    settings = settings_for(
        backend, data_dir=tmp_path, rate_limit_requests=1000, rate_limit_login=4, trusted_proxies="127.0.0.1"
    )
    async with served(settings) as client:
        await register(client, "u1@bücher.example")
        statuses: list[int] = []
        for number, name in enumerate(["ann", "ANN", "u1@bücher.example", "U1@xn--bcher-kva.example", "ann", "ann"]):
            client.headers["X-Forwarded-For"] = f"203.0.113.{number}"  # so that only the account is limited
            statuses.append((await log_in(client, name, "Wrong7!password-here")).status_code)
        assert statuses == [401] * 4 + [429] * 2


@on_sqlite
async def test_tags_and_search_words_that_look_alike_are_alike(client, accounts):
    author = await accounts.user()
    decomposed, composed = "Cafe\u0301", "Caf\u00e9"
    post = {"title": f"On {decomposed} tables", "content": "Here.", "tags": [decomposed, composed]}
    made = await client.post("/api/v1/posts", json={**post, "status": "published"}, headers=author.headers)
    assert made.json()["tags"] == [composed]
    for query in ({"tag": decomposed}, {"tag": composed}, {"search": decomposed}, {"search": composed}):
        assert (await client.get("/api/v1/posts", params=query)).json()["total"] == 1, query
