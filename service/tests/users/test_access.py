"""PATCH /users/{id}/access and DELETE /users/{id}: what administrators do, and what nobody can."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from app.models import AuditEvent, Post, Role, Session, User
from tests.backends import on_both_databases, on_sqlite


async def set_access(client: Any, user_id: int, by: Any, **changes: Any) -> Any:
    return await client.patch(f"/api/v1/users/{user_id}/access", json=changes, headers=by.headers)


async def delete(client: Any, user_id: int, by: Any) -> Any:
    return await client.delete(f"/api/v1/users/{user_id}", headers=by.headers)


async def me(client: Any, user: Any) -> int:
    return (await client.get("/api/v1/auth/me", headers=user.headers)).status_code


async def count(app: Any, model: Any) -> int:
    async with app.state.resources.database.session() as session:
        return await session.scalar(select(func.count()).select_from(model))


async def active_admins(app: Any) -> int:
    async with app.state.resources.database.session() as session:
        statement = select(func.count()).select_from(User).where(User.role == Role.ADMIN, User.is_active)
        return await session.scalar(statement)


async def test_a_deactivated_user_s_live_token_dies_at_once_and_stays_dead(client, accounts):
    admin, user = await accounts.admin(), await accounts.user()
    assert await me(client, user) == 200
    answer = await set_access(client, user.id, admin, is_active=False)
    assert answer.status_code == 200
    assert answer.json()["is_active"] is False
    assert await me(client, user) == 401
    assert (await client.post("/api/v1/auth/refresh", json={"refresh_token": user.refresh_token})).status_code == 401
    await set_access(client, user.id, admin, is_active=True)
    assert await me(client, user) == 401  # a new login is needed


@on_sqlite
@pytest.mark.parametrize("nearly", ["false", "no", 0, "0"])
async def test_what_is_only_like_a_boolean_shuts_nobody_out(client, accounts, nearly: object):
    admin, user = await accounts.admin(), await accounts.user()
    assert (await set_access(client, user.id, admin, is_active=nearly)).status_code == 422
    assert await me(client, user) == 200


async def test_a_new_role_takes_effect_on_live_tokens_at_once(client, accounts):
    admin, user, other = await accounts.admin(), await accounts.user(), await accounts.user()
    assert (await set_access(client, other.id, user, is_active=False)).status_code == 403
    await set_access(client, user.id, admin, role="admin")
    assert (await set_access(client, other.id, user, is_active=False)).status_code == 200
    await set_access(client, user.id, admin, role="user")
    assert (await set_access(client, other.id, user, is_active=True)).status_code == 403


@on_both_databases
async def test_only_administrators_set_access_or_delete(app, client, accounts):
    user, other = await accounts.user(), await accounts.user()
    assert (await set_access(client, user.id, user, role="admin")).status_code == 403
    assert (await set_access(client, other.id, user, is_active=False)).status_code == 403
    assert (await delete(client, user.id, user)).status_code == 403
    assert (await client.delete(f"/api/v1/users/{user.id}")).status_code == 401
    assert await count(app, User) == 2


@on_both_databases
async def test_the_last_active_administrator_cannot_be_demoted_deactivated_or_deleted(app, client, accounts):
    admin = await accounts.admin()
    await accounts.row(role=Role.ADMIN, is_active=False)  # does not count
    for answer in (
        await set_access(client, admin.id, admin, role="user"),
        await set_access(client, admin.id, admin, is_active=False),
        await delete(client, admin.id, admin),
    ):
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:problem-type:last-admin"
    assert await me(client, admin) == 200
    assert await active_admins(app) == 1


@on_both_databases
@pytest.mark.parametrize("how", ["demote", "deactivate", "delete"])
async def test_administrators_who_remove_each_other_at_once_leave_one(app, client, accounts, how: str):
    admins = [await accounts.admin() for _ in range(4)]

    async def remove(by: Any, target: Any) -> Any:
        if how == "delete":
            return await delete(client, target.id, by)
        changes = {"role": "user"} if how == "demote" else {"is_active": False}
        return await set_access(client, target.id, by, **changes)

    circle = zip(admins, admins[1:] + admins[:1], strict=True)
    answers = await asyncio.gather(*(remove(by, target) for by, target in circle))
    assert {answer.status_code for answer in answers} <= {200, 401, 403, 404, 409}
    assert await active_admins(app) >= 1


async def test_deleting_a_user_takes_posts_sessions_and_tokens_along(app, client, accounts):
    admin, user = await accounts.admin(), await accounts.user()
    await accounts.post(user, tags=["one"])
    answer = await delete(client, user.id, admin)
    assert answer.status_code == 200
    assert answer.json()["message"]
    assert await me(client, user) == 401
    assert (await client.get(f"/api/v1/users/{user.id}")).status_code == 404
    assert await count(app, Post) == 0
    assert await count(app, Session) == 1
    assert (await delete(client, user.id, admin)).status_code == 404


@on_both_databases
async def test_what_administrators_do_is_kept_with_who_did_it(app, client, accounts):
    admin, user = await accounts.admin(), await accounts.user()
    await set_access(client, user.id, admin, is_active=False)
    await delete(client, user.id, admin)
    async with app.state.resources.database.session() as session:
        events = (await session.scalars(select(AuditEvent).order_by(AuditEvent.created_at))).all()
    assert [(event.actor_id, event.action, event.target) for event in events] == [
        (admin.id, "user.access", f"user:{user.id}"),
        (admin.id, "user.delete", f"user:{user.id}"),
    ]
    assert all(event.request_id for event in events)


@on_sqlite
@pytest.mark.parametrize(
    "changes", [{"role": "root"}, {"role": None}, {"is_active": None}, {"is_active": "maybe"}, {"email": "x@y.org"}]
)
async def test_access_that_is_none_is_refused(client, accounts, changes: dict[str, Any]):
    admin, user = await accounts.admin(), await accounts.user()
    assert (await set_access(client, user.id, admin, **changes)).status_code == 422


@on_both_databases
async def test_if_match_guards_access_and_deletion(client, accounts):
    admin, user = await accounts.admin(), await accounts.user()
    stale = {**admin.headers, "If-Match": '"7-abc"'}
    path = f"/api/v1/users/{user.id}"
    assert (await client.patch(f"{path}/access", json={"is_active": False}, headers=stale)).status_code == 412
    assert (await client.delete(path, headers=stale)).status_code == 412
    assert await me(client, user) == 200
