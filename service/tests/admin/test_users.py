"""Users at the admin site: found, edited, kept out; every change by the rules of the API, each in the trail."""

import httpx2
from sqlalchemy import select

from app.models import AuditEvent, Role, User
from tests.admin.desk import Desk, fields_of
from tests.backends import on_both_databases, on_sqlite
from tests.factories import PASSWORD, Account, Accounts


async def me(client: httpx2.AsyncClient, user: Account) -> int:
    return (await client.get("/api/v1/auth/me", headers=user.headers)).status_code


async def trail(app) -> list[tuple[int | None, str, str, object]]:
    async with app.state.resources.database.session() as session:
        events = await session.scalars(select(AuditEvent).order_by(AuditEvent.id))
        return [(event.actor_id, event.action, event.target, event.detail) for event in events]


@on_sqlite
async def test_deactivating_kills_live_tokens_at_once_and_activating_lets_them_sign_in_again(
    app, desk: Desk, client, admin, accounts: Accounts
):
    row = await accounts.row()
    user = await accounts.login(row)
    assert await me(client, user) == 200
    answer = await desk.press("users", "deactivate", user.id)
    assert answer.status_code == 200, answer.text
    assert await me(client, user) == 401
    assert "1 user deactivated." in await desk.text("/admin/users/list")
    assert "1 user deactivated." not in await desk.text("/admin/users/list"), "said once"
    assert (await desk.press_row("users", "activate", user.id)).status_code == 200
    await accounts.login(row)
    assert await trail(app) == [
        (admin.id, "user.access", f"user:{user.id}", {"is_active": [True, False]}),
        (admin.id, "user.access", f"user:{user.id}", {"is_active": [False, True]}),
    ]


@on_sqlite
async def test_signing_out_everywhere_ends_every_session(app, desk: Desk, client, admin, accounts: Accounts):
    row = await accounts.row()
    first, second = await accounts.login(row), await accounts.login(row)
    assert (await desk.press_row("users", "end_sessions", row.id)).status_code == 200
    assert [await me(client, first), await me(client, second)] == [401, 401]
    assert await trail(app) == [(admin.id, "user.end_sessions", f"user:{row.id}", None)]


@on_both_databases
async def test_an_edit_is_checked_as_the_api_checks_it_and_kept_before_and_after(
    app, desk: Desk, client, admin, accounts: Accounts
):
    taken = await accounts.user(username="taken_name")
    user = await accounts.user(username="old_name", bio="line one\nline two")
    for changes, field in (
        ({"username": "a b"}, "username"),
        ({"username": taken.username}, "username"),
        ({"avatar": "javascript:alert(1)"}, "avatar"),
        ({"first_name": "x" * 51}, "first_name"),
    ):
        refused = await desk.edit("users", user.id, **changes)
        assert refused.status_code == 422, changes
        assert f'id="{field}"' in refused.text
        assert "is-invalid" in refused.text
    saved = await desk.edit("users", user.id, username="new_name", last_name="", role="admin")
    assert saved.status_code == 303, saved.text
    profile = (await client.get(f"/api/v1/users/{user.id}", headers=admin.headers)).json()
    assert (profile["username"], profile["last_name"], profile["role"]) == ("new_name", None, "admin")
    assert profile["bio"] == "line one\nline two", "what was not touched has not changed"
    assert await trail(app) == [
        (admin.id, "user.access", f"user:{user.id}", {"role": ["user", "admin"]}),
        (
            admin.id,
            "user.update",
            f"user:{user.id}",
            {"username": ["old_name", "new_name"], "last_name": "changed"},
        ),
    ]


@on_sqlite
async def test_of_two_who_edit_at_once_the_later_is_told(app, desk: Desk, client, admin, accounts: Accounts):
    user = await accounts.user()
    stale = await desk.client.get(f"/admin/users/edit?pk={user.id}")
    assert (await desk.edit("users", user.id, first_name="Grace")).status_code == 303
    for changes in ({"first_name": "Other"}, {"role": "admin"}):
        form = {**fields_of(stale.text), **changes}
        answer = await desk.client.post(f"/admin/users/edit?pk={user.id}", data=form)
        assert answer.status_code == 422
        assert "Somebody changed this since you read it" in answer.text
    profile = (await client.get(f"/api/v1/users/{user.id}", headers=admin.headers)).json()
    assert (profile["first_name"], profile["role"]) == ("Grace", "user")


@on_both_databases
async def test_the_last_administrator_stays_however_they_are_to_go(app, desk: Desk, client, admin, accounts: Accounts):
    other = await accounts.user()
    for answer in (
        await desk.press("users", "deactivate", other.id, admin.id),
        await desk.press_row("users", "delete", admin.id),
        await desk.press("users", "delete", other.id, admin.id),
    ):
        assert answer.status_code == 400
        assert "last active administrator" in answer.json()["msg"]
    refused = await desk.edit("users", admin.id, role="user")
    assert refused.status_code == 422
    assert "last active administrator" in refused.text
    assert [await me(client, admin), await me(client, other)] == [200, 200], "all or nothing"
    assert await trail(app) == []


@on_both_databases
async def test_deleting_takes_the_posts_along_and_the_trail_outlives_both(
    app, desk: Desk, client, admin, accounts: Accounts
):
    boss = await accounts.admin()
    user = await accounts.user(username="short_lived")
    post = await accounts.post(user)
    assert (await client.get(f"/api/v1/posts/{post.id}")).status_code == 200
    assert (await desk.press("users", "delete", user.id)).status_code == 200
    assert await me(client, user) == 401
    assert (await client.get(f"/api/v1/posts/{post.id}")).status_code == 404
    kept = [(admin.id, "user.delete", f"user:{user.id}")]
    assert [row[:3] for row in await trail(app)] == kept
    assert (await trail(app))[0][3]["username"] == ["short_lived", None]
    gone = await client.delete(f"/api/v1/users/{admin.id}", headers=boss.headers)
    assert gone.status_code == 200
    assert [row[:3] for row in await trail(app)] == [*kept, (boss.id, "user.delete", f"user:{admin.id}")]


@on_sqlite
async def test_the_password_hash_is_nowhere_to_be_seen_or_changed(app, desk: Desk, accounts: Accounts):
    user = await accounts.user()
    async with app.state.resources.database.session() as session:
        before = await session.scalar(select(User.hashed_password).where(User.id == user.id))
    for path in ("list", f"detail?pk={user.id}", f"edit?pk={user.id}"):
        page = (await desk.client.get(f"/admin/users/{path}")).text
        assert "argon2" not in page
        assert "hashed_password" not in page
    saved = await desk.edit(
        "users", user.id, hashed_password="x", password="x", email="x@example.org", is_verified="on"
    )
    assert saved.status_code == 303
    async with app.state.resources.database.session() as session:
        row = await session.get(User, user.id)
    assert (row.hashed_password, row.email) == (before, user.email)
    await accounts.login(row, PASSWORD)


@on_sqlite
async def test_nothing_is_made_imported_or_exported_here(desk: Desk, client, accounts: Accounts):
    user = await accounts.user()
    assert (await desk.client.get("/admin/users/create")).status_code == 403
    token = {"X-CSRFToken": desk.client.cookies["starlette_admin_csrftoken"]}
    assert (await desk.client.post("/admin/_api/users/import", headers=token)).status_code == 403
    assert (await desk.press("users", "export", user.id)).status_code == 400
    for view in ("sessions", "tokens", "jobs", "trail"):
        assert (await desk.client.get(f"/admin/{view}/edit?pk=1")).status_code == 403
        assert (await desk.press(view, "delete", "1")).status_code == 400
    refused = await desk.press("users", "end_sessions", all_rows=True)
    assert refused.status_code == 400, "an action touches what was ticked"
    assert await me(client, user) == 200
    assert (await desk.rows("users"))[0] == str(user.id)


@on_both_databases
async def test_users_are_found_by_words_state_and_order(desk: Desk, admin, accounts: Accounts):
    ada = await accounts.user(username="ada_l", email="ada@example.org", first_name="Ada", last_name="Lovelace")
    bob = await accounts.user(username="bob_100", email="bob@example.net", is_active=True)
    off = await accounts.row(username="gone", is_active=False, is_verified=False, role=Role.ADMIN)
    assert await desk.rows("users", q="lovel") == [str(ada.id)]
    assert await desk.rows("users", q="example.NET") == [str(bob.id)]
    assert await desk.rows("users", q="b_100") == [str(bob.id)]
    assert await desk.rows("users", q="%") == []
    assert set(await desk.rows("users", filter="role__is=admin")) == {str(admin.id), str(off.id)}
    assert await desk.rows("users", filter="role__is=admin AND is_active__no") == [str(off.id)]
    assert await desk.rows("users", sort="username__asc") == [str(row.id) for row in (ada, bob, off, admin)]
    assert (await desk.rows("users", sort="id__asc"))[0] == str(admin.id)


@on_sqlite
async def test_a_question_that_is_none_is_answered_in_words(desk: Desk):
    for query in (
        {"filter": "role__is=root"},
        {"filter": "role__is=admin OR is_active__yes"},
        {"filter": "role__is=admin AND role__is=user"},
        {"filter": "hashed_password__is=x"},
        {"filter": "role__contains=a"},
        {"filter": "role__is"},
        {"q": "x" * 101},
        {"q": "a\x00b"},
        {"page": "1000"},
        {"page_size": "-1"},
    ):
        answer = await desk.client.get("/admin/users/list", params=query)
        assert answer.status_code == 400, query
        assert "empty-title" in answer.text


@on_sqlite
async def test_a_row_that_is_not_there_is_not_found(desk: Desk):
    for key in ("0", "-1", "99999", "x", "9" * 30, "1 OR 1=1", ""):
        for view in ("users", "posts", "sessions", "jobs", "tokens", "trail"):
            answer = await desk.client.get(f"/admin/{view}/detail", params={"pk": key})
            assert answer.status_code == 404, f"{view} {key}"
        assert (await desk.press("users", "deactivate", key)).status_code == 400
        assert (await desk.press("posts", "publish", key)).status_code == 400
        assert (await desk.press("jobs", "retry", key)).status_code == 400


@on_sqlite
async def test_what_users_wrote_is_shown_as_text(desk: Desk, accounts: Accounts):
    script = "<script>alert(1)</script>"
    user = await accounts.user(first_name=script, bio=f'{{{{ 1234567 * 7 }}}} "><img src=x onerror=alert(1)> {script}')
    for path in ("users/list", f"users/detail?pk={user.id}", f"users/edit?pk={user.id}", f"users/list?q={script}"):
        page = (await desk.client.get(f"/admin/{path}")).text
        assert script not in page, path
        assert "<img src=x" not in page, path
        assert "8641969" not in page, path  # a template would have worked it out


@on_sqlite
async def test_a_lost_second_factor_is_reset(app, desk: Desk, client, admin, doors):
    person = await doors.protected()
    assert (await doors.first_step(person.account.email)).status_code == 401
    assert (await desk.press_row("users", "reset_second_factor", person.account.id)).status_code == 200
    assert (await doors.first_step(person.account.email)).status_code == 200
    assert await me(client, person.account) == 401
    assert await trail(app) == [(admin.id, "user.reset_second_factor", f"user:{person.account.id}", None)]
    refused = await desk.press_row("users", "reset_second_factor", person.account.id)
    assert refused.json() == {"msg": "This account has no second factor."}
