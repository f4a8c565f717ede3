"""Sessions, API tokens, jobs and the trail at the admin site."""

import uuid

import pytest
from sqlalchemy import select

from app.models import AuditEvent, JobStatus, OutboxJob
from tests.admin.desk import Desk
from tests.admin.test_users import me, trail
from tests.backends import on_both_databases, on_sqlite
from tests.factories import PASSWORD, Accounts


async def job(app, status: JobStatus, **fields) -> OutboxJob:
    async with app.state.resources.database.session() as session:
        row = OutboxJob(name="mail.verify_email", payload={"token_id": "1"}, status=status, attempts=14, **fields)
        session.add(row)
    return row


async def state_of(app, row: OutboxJob) -> tuple[JobStatus, int] | None:
    async with app.state.resources.database.session() as session:
        found = await session.get(OutboxJob, row.id)
        return (found.status, found.attempts) if found else None


@on_both_databases
async def test_a_session_is_seen_and_ended(app, desk: Desk, client, admin, accounts: Accounts):
    row = await accounts.row(username="far_away")
    first, second = await accounts.login(row), await accounts.login(row)
    keys = await desk.rows("sessions", filter="username__is=far_away AND is_open__yes")
    assert len(keys) == 2
    assert (await desk.press_row("sessions", "end", keys[0])).status_code == 200
    assert [await me(client, first), await me(client, second)] == [200, 401]
    assert await desk.rows("sessions", filter="username__is=far_away AND is_open__no") == keys[:1]
    assert await trail(app) == [(admin.id, "session.end", f"session:{keys[0]}", {"user_id": row.id})]
    refused = await desk.press("sessions", "end", keys[0])
    assert refused.json() == {"msg": "This session is over already."}
    assert "127.0.0.1" in await desk.text(f"/admin/sessions/detail?pk={keys[1]}")


@on_both_databases
async def test_an_api_token_is_revoked_and_never_shown(app, desk: Desk, client, admin, accounts: Accounts):
    user = await accounts.user()
    body = {"name": "backup script", "scopes": ["profile:read"], "password": PASSWORD}
    made = await client.post("/api/v1/auth/tokens", json=body, headers=user.headers)
    if made.status_code == 422:
        body.pop("password")
        made = await client.post("/api/v1/auth/tokens", json=body, headers=user.headers)
    assert made.status_code == 201, made.text
    secret = made.json()["token"]
    headers = {"Authorization": f"Bearer {secret}"}
    assert (await client.get("/api/v1/users", headers=headers)).status_code == 200
    [key] = await desk.rows("tokens", q="backup")
    for path in ("/admin/tokens/list", f"/admin/tokens/detail?pk={key}"):
        assert secret not in (await desk.client.get(path)).text
    assert (await desk.press("tokens", "revoke", key)).status_code == 200
    assert (await client.get("/api/v1/users", headers=headers)).status_code == 401
    detail = {"user_id": user.id, "name": "backup script"}
    assert await trail(app) == [(admin.id, "token.revoke", f"token:{key}", detail)]


@on_both_databases
async def test_a_dead_job_runs_again_and_another_is_dropped(app, desk: Desk, admin, accounts: Accounts):
    dead, hopeless = [await job(app, JobStatus.DEAD, last_error="SMTP says no") for _ in range(2)]
    running, done = await job(app, JobStatus.RUNNING), await job(app, JobStatus.DONE)
    assert set(await desk.rows("jobs", filter="status__is=dead")) == {str(dead.id), str(hopeless.id)}
    assert "SMTP says no" in await desk.text("/admin/jobs/list")
    assert (await desk.press_row("jobs", "retry", dead.id)).status_code == 200
    assert await state_of(app, dead) == (JobStatus.PENDING, 0)
    assert (await desk.press("jobs", "drop", hopeless.id)).status_code == 200
    assert await state_of(app, hopeless) is None
    for row in (running, done):
        for action in ("retry", "drop"):
            assert (await desk.press("jobs", action, row.id)).status_code == 400
    assert (await desk.press("jobs", "retry", dead.id, running.id)).status_code == 400
    assert await state_of(app, running) == (JobStatus.RUNNING, 14)
    name = {"name": "mail.verify_email"}
    assert await trail(app) == [
        (admin.id, "job.retry", f"job:{dead.id}", name),
        (admin.id, "job.drop", f"job:{hopeless.id}", name),
    ]


@on_sqlite
async def test_a_job_that_runs_again_is_handed_out_at_once(app, desk: Desk):
    dead = await job(app, JobStatus.DEAD)
    told: list[bool] = []
    app.state.resources.database.jobs_written = lambda: told.append(True)
    assert (await desk.press("jobs", "retry", dead.id)).status_code == 200
    assert told == [True]


@on_sqlite
async def test_changes_made_through_the_api_are_in_the_trail_and_own_ones_are_not(
    app, desk: Desk, client, admin, accounts: Accounts
):
    user = await accounts.user(username="someone")
    post = await accounts.post(user, title="Theirs")
    requests = [
        client.patch(f"/api/v1/users/{user.id}/access", json={"is_active": False}, headers=admin.headers),
        client.put(f"/api/v1/users/{user.id}", json={"bio": "Moderated"}, headers=admin.headers),
        client.put(f"/api/v1/posts/{post.id}", json={"status": "archived"}, headers=admin.headers),
        client.delete(f"/api/v1/posts/{post.id}", headers=admin.headers),
        client.delete(f"/api/v1/users/{user.id}", headers=admin.headers),
    ]
    for request in requests:
        assert (await request).status_code == 200
    writer = await accounts.user()
    own = await accounts.post(writer)
    assert (
        await client.put(f"/api/v1/posts/{own.id}", json={"title": "Mine"}, headers=writer.headers)
    ).status_code == 200
    assert (
        await client.put(f"/api/v1/users/{writer.id}", json={"bio": "Me"}, headers=writer.headers)
    ).status_code == 200
    assert [entry[:3] for entry in await trail(app)] == [
        (admin.id, "user.access", f"user:{user.id}"),
        (admin.id, "user.update", f"user:{user.id}"),
        (admin.id, "post.update", f"post:{post.id}"),
        (admin.id, "post.delete", f"post:{post.id}"),
        (admin.id, "user.delete", f"user:{user.id}"),
    ]
    text = await desk.text("/admin/trail/list")
    assert "is_active: yes → no" in text
    assert "status: published → archived" in text
    assert "Moderated" not in text
    assert "bio: changed" in text


@on_both_databases
async def test_the_trail_is_searched_and_filtered_and_read_only(app, desk: Desk, admin, accounts: Accounts):
    user = await accounts.user()
    await desk.press("users", "deactivate", user.id)
    await desk.press("users", "activate", user.id)
    await desk.press("users", "end_sessions", user.id)
    assert len(await desk.rows("trail")) == 3
    [ended] = await desk.rows("trail", filter="action__is=user.end_sessions")
    assert len(await desk.rows("trail", filter=f"actor__is={admin.username}")) == 3
    assert len(await desk.rows("trail", filter=f'target__is="user:{user.id}"')) == 3
    assert await desk.rows("trail", filter="actor__is=999999") == []
    assert await desk.rows("trail", q="end_sess") == [ended]
    for action in ("delete", "edit", "export"):
        assert (await desk.press("trail", action, ended)).status_code == 400
    assert len(await desk.rows("trail")) == 3


@on_sqlite
async def test_a_change_that_fails_leaves_no_trace(
    app, desk: Desk, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
):
    """The row of the trail is written in the transaction that makes the change: they stand or fall together."""
    dead = await job(app, JobStatus.DEAD)
    unknown = uuid.uuid4()
    assert (await desk.press("jobs", "drop", dead.id, unknown)).status_code == 400
    assert await state_of(app, dead) is not None
    async with app.state.resources.database.session() as session:
        assert (await session.scalars(select(AuditEvent))).all() == []


@on_sqlite
async def test_the_first_page_counts_what_there_is(app, desk: Desk, accounts: Accounts):
    await accounts.post(await accounts.user())
    await job(app, JobStatus.DEAD)
    text = await desk.text("/admin/")
    for said in ("Users 2", "Posts 1", "Open sessions 3", "Jobs given up 1"):
        assert said in " ".join(text.split()), text
