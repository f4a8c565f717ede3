"""GET and PUT /users/{id}: who sees what, who changes what."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from app.kit.ids import MAX_ID
from app.models import User
from tests.backends import on_both_databases, on_sqlite

PUBLIC = {"id", "username", "first_name", "last_name", "bio", "avatar", "created_at", "updated_at"}
PRIVATE = PUBLIC | {"email", "role", "is_active", "is_verified", "last_login_at", "version"}


async def read(client: Any, user_id: object, viewer: Any = None, **headers: str) -> Any:
    return await client.get(f"/api/v1/users/{user_id}", headers={**(viewer.headers if viewer else {}), **headers})


async def update(client: Any, user: Any, changes: dict[str, Any], by: Any = None, **headers: str) -> Any:
    return await client.put(f"/api/v1/users/{user.id}", json=changes, headers={**(by or user).headers, **headers})


async def test_everyone_sees_the_public_profile_and_only_self_and_admins_the_rest(client, accounts):
    ada, other, admin = await accounts.user(), await accounts.user(), await accounts.admin()
    shown = {viewer: set((await read(client, ada.id, viewer)).json()) for viewer in (None, other, ada, admin)}
    assert shown == {None: PUBLIC, other: PUBLIC, ada: PRIVATE, admin: PRIVATE}


@on_both_databases
@pytest.mark.parametrize("user_id", [999_999, MAX_ID])
async def test_a_user_who_does_not_exist_is_a_404(client, user_id: int):
    assert (await read(client, user_id)).status_code == 404


@on_both_databases
@pytest.mark.parametrize("user_id", ["0", "-1", str(MAX_ID + 1), str(2**63), "1" * 40, "abc", "1.5", "%00"])
async def test_what_cannot_be_an_id_is_refused(client, user_id: str):
    assert (await read(client, user_id)).status_code in {404, 422}


async def test_a_partial_update_changes_what_is_sent_and_nothing_else(client, accounts):
    user = await accounts.user(bio="before", first_name="Ada", last_name="L")
    answer = await update(client, user, {"bio": " after ", "last_name": None})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["bio"], body["first_name"], body["last_name"], body["version"]) == ("after", "Ada", None, 2)
    assert body["updated_at"] > body["created_at"]
    assert (await client.get("/api/v1/auth/me", headers=user.headers)).json() == body
    assert (await read(client, user.id, user)).json() == body


@on_both_databases
async def test_an_update_of_nothing_is_no_change(client, accounts):
    user = await accounts.user()
    answer = await update(client, user, {})
    assert answer.status_code == 200
    assert answer.json()["version"] == 1


@on_both_databases
async def test_only_self_and_admins_update(app, client, accounts):
    ada, other, admin = await accounts.user(), await accounts.user(), await accounts.admin()
    assert (await update(client, ada, {"bio": "x"}, by=other)).status_code == 403
    assert (await update(client, ada, {"bio": "x"}, by=admin)).status_code == 200
    anonymous = await client.put(f"/api/v1/users/{ada.id}", json={"bio": "y"})
    assert anonymous.status_code == 401
    async with app.state.resources.database.session() as session:
        assert await session.scalar(select(User.bio).where(User.id == ada.id)) == "x"


@on_both_databases
async def test_a_user_may_not_probe_for_ids_by_updating(client, accounts):
    user = await accounts.user()
    answer = await client.put("/api/v1/users/999999", json={"bio": "x"}, headers=user.headers)
    assert answer.status_code == 403


@on_both_databases
@pytest.mark.parametrize("username", ["taken_name", "TAKEN_NAME"])
async def test_a_username_that_is_taken_is_a_400(client, accounts, username: str):
    await accounts.row(username="Taken_Name")
    user = await accounts.user()
    answer = await update(client, user, {"username": username, "bio": "x"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "#/username"
    assert (await read(client, user.id, user)).json()["bio"] is None


@on_both_databases
async def test_one_s_own_username_may_change_its_case(client, accounts):
    user = await accounts.user(username="ada")
    assert (await update(client, user, {"username": "Ada"})).json()["username"] == "Ada"


@on_sqlite
@pytest.mark.parametrize(
    "changes",
    [
        {"username": None},
        {"username": "a b"},
        {"email": "new@example.org"},
        {"role": "admin"},
        {"is_verified": True},
        {"version": 9},
        {"first_name": ""},
        {"avatar": "data:text/html,x"},
        {"bio": "x" * 501},
        {"bio": "\x00"},
    ],
)
async def test_an_update_that_breaks_a_rule_is_refused(client, accounts, changes: dict[str, Any]):
    assert (await update(client, await accounts.user(), changes)).status_code == 422


@on_both_databases
async def test_if_match_refuses_to_overwrite_what_one_has_not_seen(client, accounts):
    user = await accounts.user()
    seen = (await read(client, user.id, user)).headers["etag"]
    first = await update(client, user, {"bio": "first"}, **{"If-Match": seen})
    assert first.status_code == 200
    second = await update(client, user, {"bio": "second"}, **{"If-Match": seen})
    assert second.status_code == 412
    assert second.headers["content-type"] == "application/problem+json"
    assert (await read(client, user.id, user)).json()["bio"] == "first"
    third = await update(client, user, {"bio": "third"}, **{"If-Match": first.headers["etag"]})
    assert third.status_code == 200


async def test_of_eight_concurrent_updates_of_one_version_one_succeeds(client, accounts):
    user = await accounts.user()
    seen = (await read(client, user.id, user)).headers["etag"]
    answers = await asyncio.gather(
        *(update(client, user, {"bio": f"bio {number}"}, **{"If-Match": seen}) for number in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await read(client, user.id, user)).json() == winner


@on_both_databases
async def test_a_profile_one_has_already_is_a_304(client, accounts):
    user = await accounts.user()
    etag = (await read(client, user.id)).headers["etag"]
    assert (await read(client, user.id, **{"If-None-Match": etag})).status_code == 304
    await update(client, user, {"bio": "new"})
    assert (await read(client, user.id, **{"If-None-Match": etag})).status_code == 200
    whole = (await read(client, user.id, user)).headers["etag"]
    assert whole != (await read(client, user.id)).headers["etag"]  # other bytes, another tag


@on_sqlite
async def test_if_match_that_is_no_entity_tag_is_a_400(client, accounts):
    assert (await update(client, await accounts.user(), {"bio": "x"}, **{"If-Match": "1"})).status_code == 400
