"""Who gets into the admin site: administrators, and nobody else anywhere."""

import time
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from starlette.routing import BaseRoute, Route

from app.admin.site import build_site
from app.auth.principal import PrincipalCache
from app.kit.clock import utcnow
from app.models import Session
from tests.admin.desk import CSRF_COOKIE, Desk
from tests.backends import on_both_databases, on_sqlite
from tests.conftest import client_of
from tests.factories import Account, Accounts

COOKIE = "publishing-service-admin-session"
OPEN = {"/login", "/login/second-factor"}


def addresses(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path the site answers, as the site itself has them."""
    found: list[BaseRoute] = build_site(app.state.resources).app.routes
    return [
        (method, route.path.replace("{key}", "users").replace("{storage}/{path:path}", "x/y"))
        for route in found
        if isinstance(route, Route)
        for method in sorted(route.methods or ())
    ]


async def require_nothing_but_the_login_page(app: FastAPI, browser: httpx2.AsyncClient, secret: str) -> None:
    tried = addresses(app)
    assert len(tried) > 20
    headers = {"X-CSRFToken": browser.cookies.get(CSRF_COOKIE, "x")}
    for method, path in tried:
        if path in OPEN:
            continue
        answer = await browser.request(method, f"/admin{path}", params={"pk": "1"}, headers=headers)
        assert answer.status_code in {303, 400, 401}, f"{method} {path} → {answer.status_code}"
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/admin/login")
            assert answer.content == b""
        elif method != "HEAD":
            assert answer.json() == {"msg": "You are signed out: load the page again and sign in."}
        followed = await browser.get(f"/admin{path}", params={"pk": "1"}, follow_redirects=True)
        assert secret not in followed.text
    assert (await browser.get("/admin/nowhere")).status_code == 303, "what exists and what does not is not told either"


@on_sqlite
@pytest.mark.parametrize("who", ["nobody", "user", "former_admin", "ended", "expired", "idle"])
async def test_who_is_no_administrator_sees_the_login_page_and_nothing_else(
    app: FastAPI,
    visitor: httpx2.AsyncClient,
    accounts: Accounts,
    monkeypatch: pytest.MonkeyPatch,
    who: str,
):
    other = await accounts.user(email="zqsecretzq@example.org")
    me = await accounts.admin()
    if who not in {"nobody", "user"}:
        assert (await Desk(visitor).sign_in(me)).status_code == 303
        assert "zqsecretzq" in (await visitor.get("/admin/users/list")).text
    boss = await accounts.admin()
    match who:
        case "user":  # an access token is no ticket, whatever cookie it travels in
            visitor.headers["Authorization"] = f"Bearer {other.access_token}"
            visitor.cookies.set(COOKIE, me.access_token, domain="localhost.local", path="/admin")
        case "former_admin":
            changed = await accounts.client.patch(
                f"/api/v1/users/{me.id}/access", json={"role": "user"}, headers=boss.headers
            )
            assert changed.status_code == 200
        case "ended":
            assert (await accounts.client.post("/api/v1/auth/logout-all", headers=me.headers)).status_code == 200
        case "expired":
            async with app.state.resources.database.session() as session:
                await session.execute(update(Session).values(expires_at=utcnow() - timedelta(seconds=1)))
            await app.state.resources.get(PrincipalCache).forget(me.id)
        case "idle":
            later = time.time() + 3700
            monkeypatch.setattr("jwt.api_jwt.datetime", _clock_at(later))
        case _:
            pass
    await require_nothing_but_the_login_page(app, visitor, "zqsecretzq")


def _clock_at(moment: float) -> type:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.fromtimestamp(moment, tz)

    return Clock


@on_both_databases
async def test_an_administrator_who_is_deactivated_is_out_with_the_next_click(
    desk: Desk, admin: Account, accounts: Accounts
):
    boss = await accounts.admin()
    assert (await desk.client.get("/admin/users/list")).status_code == 200
    path = f"/api/v1/users/{admin.id}/access"
    assert (await accounts.client.patch(path, json={"is_active": False}, headers=boss.headers)).status_code == 200
    refused = await desk.client.get("/admin/users/list")
    assert refused.status_code == 303
    assert (await desk.press("users", "deactivate", boss.id)).json() == {
        "msg": "You are signed out: load the page again and sign in."
    }
    assert (await accounts.client.get("/api/v1/auth/me", headers=boss.headers)).status_code == 200


@on_sqlite
async def test_pages_of_other_sites_can_make_an_administrators_browser_do_nothing(desk: Desk, accounts: Accounts):
    user = await accounts.user()
    path = f"/admin/_api/users/action?name=deactivate&pks={user.id}"
    token = desk.client.cookies[CSRF_COOKIE]
    for headers in (
        {},  # no token
        {"X-CSRFToken": "0" * 64},
        {"X-CSRFToken": token, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"X-CSRFToken": token, "Sec-Fetch-Site": "same-site", "Origin": "http://other.localhost"},
        {"X-CSRFToken": token, "Origin": "https://evil.example"},
        {"X-CSRFToken": token, "Origin": "null"},
    ):
        answer = await desk.client.post(path, headers=headers)
        assert answer.status_code == 400, headers
        assert "site" in answer.json()["msg"] or "ours" in answer.json()["msg"]
        assert (await accounts.client.get("/api/v1/auth/me", headers=user.headers)).status_code == 200
    for form in ({}, {"csrftoken": "x"}):
        answer = await desk.client.post(f"/admin/users/edit?pk={user.id}", data={"username": "hacked", **form})
        assert answer.status_code == 403
        assert (await desk.client.post("/admin/logout", data=form)).status_code == 403
    own = {"X-CSRFToken": token, "Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
    assert (await desk.client.post(path, headers=own)).status_code == 200


@on_sqlite
async def test_a_token_of_another_session_is_none(desk: Desk, app: FastAPI, accounts: Accounts):
    async with client_of(app) as other:
        assert (await Desk(other).sign_in(await accounts.admin())).status_code == 303
        await other.get("/admin/")
        stolen = other.cookies[CSRF_COOKIE]
    path = "/admin/_api/users/action?name=deactivate&pks=1"
    assert (await desk.client.post(path, headers={"X-CSRFToken": stolen})).status_code == 400


@on_sqlite
async def test_the_pages_allow_no_script_but_their_own_and_are_kept_by_nobody(desk: Desk):
    first, second = [await desk.client.get("/admin/users/list") for _ in range(2)]
    policy = first.headers["content-security-policy"]
    scripts = policy.partition("script-src")[2].partition(";")[0]
    assert "unsafe" not in scripts
    assert "http" not in scripts
    assert len(first.headers.get_list("content-security-policy")) == 1
    nonce = scripts.rpartition("'nonce-")[2].strip("'")
    assert first.text.count(f'<script nonce="{nonce}"') == first.text.count("<script") > 3
    assert nonce not in second.headers["content-security-policy"]
    assert first.headers["cache-control"] == "no-store"
    assert first.headers.get_list("referrer-policy") == ["same-origin"], "or forms of old browsers come from nowhere"
    assert "https://" not in first.text.replace("https://www.w3.org", ""), "nothing comes from elsewhere"
    assert " onclick=" not in first.text
    assert " onchange=" not in first.text


@on_sqlite
async def test_cookies_are_kept_from_scripts_other_paths_and_plain_http(app: FastAPI, accounts: Accounts):
    admin = await accounts.admin()
    transport = httpx2.ASGITransport(app=app)
    for base, secure in (("http://localhost", False), ("https://localhost", True)):
        async with httpx2.AsyncClient(transport=transport, base_url=base) as browser:
            answer = await Desk(browser).sign_in(admin)
            [cookie] = [each for each in answer.headers.get_list("set-cookie") if "session=" in each]
            assert cookie.startswith("__Secure-") is secure
            assert cookie.removeprefix("__Secure-").startswith(f"{COOKIE}=")
            attributes = cookie.split("; ")[1:]
            assert {"HttpOnly", "SameSite=Lax", "Path=/admin"} <= set(attributes)
            assert ("Secure" in attributes) is secure


@on_sqlite
async def test_the_session_cookie_is_no_access_token(desk: Desk):
    cookie = desk.client.cookies[COOKIE]
    async with httpx2.AsyncClient(transport=desk.client._transport, base_url="http://localhost") as api:
        answer = await api.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {cookie}"})
        assert answer.status_code == 401
        answer = await api.post("/api/v1/auth/refresh", json={"refresh_token": cookie})
        assert answer.status_code == 401


@on_sqlite
async def test_a_used_session_is_prolonged_but_not_beyond_twelve_hours(
    desk: Desk, app: FastAPI, monkeypatch: pytest.MonkeyPatch
):
    assert "set-cookie" not in (await desk.client.get("/admin/users/list")).headers
    monkeypatch.setattr("app.admin.access.RENEWED_AFTER_SECONDS", -1)
    answer = await desk.client.get("/admin/users/list")
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}=")
    async with app.state.resources.database.session() as session:
        ends = await session.scalar(
            Session.__table__.select().with_only_columns(Session.expires_at).order_by(Session.id.desc()).limit(1)
        )
    assert utcnow() + timedelta(hours=11) < ends < utcnow() + timedelta(hours=12, minutes=1)


@on_sqlite
async def test_a_failure_inside_is_a_page_that_tells_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch, app: FastAPI):
    async def broken(*_: Any) -> None:
        raise RuntimeError("SELECT secret FROM somewhere")

    monkeypatch.setattr("app.admin.lists.Listing.rows", broken)
    answer = await desk.client.get("/admin/users/list")
    assert answer.status_code == 500
    assert "request_id" in answer.text
    assert "SELECT" not in answer.text
    assert "Traceback" not in answer.text


@on_sqlite
async def test_metrics_name_pages_by_their_templates(desk: Desk, client: httpx2.AsyncClient):
    await desk.client.get("/admin/users/list")
    await desk.client.get("/admin/nowhere")
    metrics = (await client.get("/metrics")).text
    for route in ("/admin/{key}/list", "/admin/login", "/admin"):
        assert f'route="{route}"' in metrics
    assert "nowhere" not in metrics


@on_sqlite
async def test_pages_are_measured_by_their_templates(desk: Desk, client: httpx2.AsyncClient):
    for path, status in (("/admin/users/list", 200), ("/admin/static/no.css", 404), ("/admin/nowhere/at/all", 404)):
        assert (await desk.client.get(path)).status_code == status
    assert (await desk.client.get("/admin/static/no.css")).headers.get_list("cache-control") == ["no-store"]
    text = (await client.get("/metrics")).text
    assert 'method="GET",route="/admin/{key}/list",status="200"' in text
    assert 'method="POST",route="/admin/login",status="303"' in text
    assert 'route="/admin/static"' in text
    assert "nowhere" not in text
