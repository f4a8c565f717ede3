"""Signed in by cookie: what a browser gets, what its pages may do with it, and what other sites may not."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.security.cookies import PLAIN, SECURE
from app.security.csrf import SAFE_METHODS
from tests.api_table import operations
from tests.backends import on_both_databases, on_sqlite
from tests.conftest import SECRET_KEY, client_of, served
from tests.factories import PASSWORD

API = "/api/v1"
HOST = "https://api.example.org"
SAME_ORIGIN = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"}
POST = {"title": "By cookie", "content": "Written by a browser.", "status": "published"}
RESEND = f"{API}/auth/verify-email/resend"  # something that only a POST of somebody signed in does
NEWCOMER = {"email": "new@example.org", "username": "newcomer", "password": PASSWORD}


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Keeps cookies as browsers do, and says of every request that a page of this site sent it."""
    async with browser_of(app) as made:
        yield made


def browser_of(app: FastAPI, headers: dict[str, str] | None = None) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app)
    return httpx2.AsyncClient(transport=transport, base_url=HOST, headers=SAME_ORIGIN if headers is None else headers)


async def log_in(client: httpx2.AsyncClient, email: str = "ada@example.org", **options: Any) -> httpx2.Response:
    form = {"username": email, "password": PASSWORD}
    return await client.post(f"{API}/auth/login?cookies=true", data=form, **options)


def cookies_set(answer: httpx2.Response) -> dict[str, str]:
    """Set-Cookie headers: their attributes, by the cookie's name."""
    pairs = [header.partition("=") for header in answer.headers.get_list("set-cookie")]
    return {name: rest for name, _, rest in pairs}


async def is_signed_in(client: httpx2.AsyncClient) -> bool:
    return (await client.get(f"{API}/auth/me")).status_code == 200


@on_both_databases
async def test_a_browser_signs_in_writes_refreshes_and_signs_out_without_seeing_a_token(app, accounts, browser):
    await accounts.row(email="ada@example.org")
    answer = await log_in(browser)
    assert answer.status_code == 200
    assert set(answer.json()) == {"expires_in", "csrf_token"}
    assert answer.headers["cache-control"] == "no-store"
    assert (await browser.post(RESEND)).status_code == 202
    before = dict(browser.cookies)
    refreshed = await browser.post(f"{API}/auth/refresh")
    assert refreshed.status_code == 200
    assert set(refreshed.json()) == {"expires_in", "csrf_token"}
    assert browser.cookies[SECURE.access] != before[SECURE.access]
    assert await is_signed_in(browser)
    assert (await browser.post(f"{API}/auth/logout")).status_code == 200
    assert dict(browser.cookies) == {}
    assert not await is_signed_in(browser)
    async with browser_of(app) as thief:
        thief.cookies.update(before)
        assert not await is_signed_in(thief), "the session ended on the server, not in the browser alone"


@on_sqlite
async def test_on_https_the_cookies_are_for_this_host_and_hidden_from_scripts(accounts, browser):
    await accounts.row(email="ada@example.org")
    cookies = cookies_set(await log_in(browser))
    week = "Max-Age=604800"
    assert cookies[SECURE.access].endswith(f"; {week}; Path=/; SameSite=Lax; HttpOnly; Secure")
    assert cookies[SECURE.refresh].endswith(f"; {week}; Path=/api/v1/auth/refresh; SameSite=Lax; HttpOnly; Secure")
    assert cookies[SECURE.csrf].endswith(f"; {week}; Path=/; SameSite=Lax; Secure"), "pages read this one"
    assert SECURE.access.startswith("__Host-")
    assert SECURE.csrf.startswith("__Host-")
    assert SECURE.refresh.startswith("__Secure-")
    assert not any("domain" in cookie.lower() for cookie in cookies.values())


@on_sqlite
async def test_on_plain_http_a_developer_can_sign_in_too(app, accounts):
    await accounts.row(email="ada@example.org")
    async with client_of(app, headers={"Origin": "http://localhost"}) as browser:
        cookies = cookies_set(await log_in(browser))
        assert set(cookies) == {PLAIN.access, PLAIN.refresh, PLAIN.csrf}
        assert not any("Secure" in cookie for cookie in cookies.values())
        assert await is_signed_in(browser)
    async with browser_of(app) as on_https:
        on_https.cookies.update({PLAIN.access: cookies[PLAIN.access].partition(";")[0]})
        assert not await is_signed_in(on_https), "a cookie that anyone on the network can plant is none here"


@on_sqlite
async def test_in_production_the_cookies_are_secure_whatever_the_proxy_forgot_to_say(backend, tmp_path):
    chosen = {
        "database_url": backend.database_url,
        "environment": "production",
        "public_url": "https://localhost",
        "secret_key": SECRET_KEY.replace("tests", "trial"),
        "data_dir": tmp_path,
        "allowed_hosts": ["localhost"],
        "migrate_on_start": False,
        "run_jobs": False,
        "rate_limit_requests": 0,
    }
    async with served(Settings(_env_file=None, **chosen)) as client:  # pyright: ignore[reportCallIssue]
        own = {"Origin": "https://localhost"}
        answer = await client.post(f"{API}/auth/register?cookies=true", json=NEWCOMER, headers=own)
        assert answer.status_code == 200
        assert set(cookies_set(answer)) == {SECURE.access, SECURE.refresh, SECURE.csrf}


@on_both_databases
async def test_registering_by_cookie_repeats_its_cookies_for_a_repeated_key(app, browser):
    key = {"Idempotency-Key": "once"}
    first = await browser.post(f"{API}/auth/register?cookies=true", json=NEWCOMER, headers=key)
    assert set(first.json()) == {"message", "user", "expires_in", "csrf_token"}
    async with browser_of(app) as again:  # the answer was lost on the way
        second = await again.post(f"{API}/auth/register?cookies=true", json=NEWCOMER, headers=key)
        assert second.json() == first.json()
        assert cookies_set(second) == cookies_set(first)
        assert await is_signed_in(again)
    assert (await browser.post(f"{API}/auth/logout")).status_code == 200


@on_both_databases
async def test_a_replayed_refresh_cookie_ends_its_session_and_the_thief_s_cookies(app, accounts, browser):
    await accounts.row(email="ada@example.org")
    await log_in(browser)
    stolen = httpx2.Cookies(browser.cookies)
    assert (await browser.post(f"{API}/auth/refresh")).status_code == 200
    async with browser_of(app) as thief:
        thief.cookies = stolen
        replayed = await thief.post(f"{API}/auth/refresh")
        assert replayed.status_code == 401
        assert {cookie.partition(";")[0] for cookie in cookies_set(replayed).values()} == {""}
    assert not await is_signed_in(browser)
    assert (await browser.post(f"{API}/auth/refresh")).status_code == 401
    assert dict(browser.cookies) == {}, "a browser that cannot go on is nobody again, not an error on every page"


@on_sqlite
async def test_an_expired_access_cookie_is_a_401_and_not_silently_nobody(app, accounts, browser):
    user = await accounts.user(email="ada@example.org")
    await log_in(browser)
    session_id = app.state.resources.signer.verify_access(browser.cookies[SECURE.access]).session_id
    old = app.state.resources.signer.sign(typ="access", user_id=user.id, session_id=session_id, lifetime=-1)
    browser.cookies.set(SECURE.access, old, domain="api.example.org", path="/")
    anyones = f"{API}/users/{user.id}"
    assert (await browser.get(anyones)).status_code == 401
    assert (await browser.post(f"{API}/auth/refresh")).status_code == 200
    assert (await browser.get(anyones)).status_code == 200


@on_sqlite
async def test_refreshing_with_neither_body_nor_cookie_says_what_is_missing(client):
    answer = await client.post(f"{API}/auth/refresh")
    assert answer.status_code == 401
    assert "refresh token" in answer.json()["detail"]


@on_sqlite
async def test_a_refresh_cookie_of_another_session_than_the_rest_is_refused(app, accounts, browser):
    """A subdomain can plant it: its path keeps it from being a `__Host-` cookie."""
    await accounts.row(email="ada@example.org")
    await accounts.row(email="mallory@example.org")
    await log_in(browser)
    async with browser_of(app) as attacker:
        await log_in(attacker, "mallory@example.org")
        planted = next(cookie for cookie in attacker.cookies.jar if cookie.name == SECURE.refresh)
    browser.cookies.jar.set_cookie(planted)
    assert (await browser.post(f"{API}/auth/refresh")).status_code == 401


@on_sqlite
async def test_an_authorization_header_goes_before_the_cookie(accounts, browser):
    await accounts.row(email="ada@example.org")
    other = await accounts.user(email="bob@example.org")
    await log_in(browser)
    assert (await browser.get(f"{API}/auth/me", headers=other.headers)).json()["email"] == "bob@example.org"
    assert (await browser.get(f"{API}/auth/me", headers={"Authorization": "Bearer nonsense"})).status_code == 401


@on_both_databases
async def test_cached_answers_are_for_the_anonymous_and_never_made_of_a_browser_s_session(app, accounts, browser):
    await accounts.row(email="ada@example.org")
    async with browser_of(app) as nobody:
        await log_in(browser)
        draft = (await browser.post(f"{API}/posts", json={**POST, "title": "Hidden", "status": "draft"})).json()
        public = (await browser.post(f"{API}/posts", json=POST)).json()
        for path in (f"{API}/posts", f"{API}/posts/{public['id']}", f"{API}/posts"):
            anonymous, signed_in = await nobody.get(path), await browser.get(path)
            assert anonymous.headers["cache-control"] == "public, no-cache"
            assert signed_in.headers["cache-control"] == "private, no-cache"
            assert "cookie" in anonymous.headers["vary"].lower()
            assert draft["slug"] not in anonymous.text
        assert draft["slug"] in (await browser.get(f"{API}/posts")).text
        assert (await nobody.get(f"{API}/posts/{draft['id']}")).status_code == 404
        assert (await browser.get(f"{API}/posts/{draft['id']}")).status_code == 200
        seen = (await browser.get(f"{API}/posts/{public['id']}")).json()["view_count"]
        assert (await nobody.get(f"{API}/posts/{public['id']}")).json()["view_count"] == seen + 1


@on_sqlite
async def test_other_cookies_make_nobody_wait_and_nobody_somebody(client, accounts):
    post = await accounts.post(await accounts.row())
    plain = await client.get(f"{API}/posts/{post.id}")
    odd = {"Cookie": "theme=dark; =; x; publishing-service-refresh=abc"}
    assert (await client.get(f"{API}/posts/{post.id}", headers=odd)).headers["etag"] == plain.headers["etag"]
    assert (await client.get(f"{API}/auth/me", headers=odd)).status_code == 401


@on_sqlite
async def test_writes_by_cookie_keep_etags_and_idempotency_keys(accounts, browser):
    await accounts.row(email="ada@example.org")
    await log_in(browser)
    key = {"Idempotency-Key": "a-key"}
    made = await browser.post(f"{API}/posts", json=POST, headers=key)
    again = await browser.post(f"{API}/posts", json=POST, headers=key)
    assert again.json() == made.json()
    path, etag = f"{API}/posts/{made.json()['id']}", made.headers["etag"]
    changed = await browser.put(path, json={"title": "Better"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    assert (await browser.put(path, json={"title": "Lost"}, headers={"If-Match": etag})).status_code == 412


@on_sqlite
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://other.example.org", "Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://api.example.org"},
        {"Origin": "https://api.example.org.evil.example"},
        {"Origin": "https://api.example.org:8443"},
        {"Sec-Fetch-Site": "cross-site"},
        {},
    ],
    ids=str,
)
async def test_another_site_changes_nothing_in_a_browser_s_name(app: FastAPI, accounts, browser, headers):
    await accounts.row(email="ada@example.org")
    await log_in(browser)
    async with browser_of(app, headers) as forged:
        forged.cookies = browser.cookies
        tried = 0
        for operation in operations(app):
            if operation.method in SAFE_METHODS or not operation.needs_user:
                continue
            path = re.sub(r"{\w+_id}", "1", operation.path)
            answer = await forged.request(operation.method, path, json={})
            assert answer.status_code == 403, f"{operation}: {answer.text}"
            assert answer.json()["type"].endswith("cross-site-request"), operation
            tried += 1
        assert tried > 10
        assert (await forged.post(f"{API}/auth/refresh")).status_code == 403
        assert (await log_in(forged)).status_code == 403
        assert (await forged.post(f"{API}/auth/register?cookies=true", json=NEWCOMER)).status_code == 403
        assert await is_signed_in(forged), "reading is no harm: the other site never sees the answer"
    assert await is_signed_in(browser)


@on_sqlite
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": HOST},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://app.example.org", "Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
async def test_our_own_pages_and_the_origins_that_are_allowed_may(settings, headers):
    chosen = settings.model_copy(update={"allowed_origins": ["https://app.example.org", "*"]})
    async with served(chosen) as client:
        client.base_url = HOST
        client.headers.update(headers)
        assert (await client.post(f"{API}/auth/register?cookies=true", json=NEWCOMER)).status_code == 200
        assert (await client.post(RESEND)).status_code == 202
        evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert (await client.post(RESEND, headers=evil)).status_code == 403, "* names nobody"


@on_sqlite
async def test_a_browser_that_says_nothing_of_itself_sends_the_token_of_its_session(app, accounts, browser):
    await accounts.row(email="ada@example.org")
    await accounts.row(email="bob@example.org")
    token = (await log_in(browser)).json()["csrf_token"]
    async with browser_of(app) as other:
        foreign = (await log_in(other, "bob@example.org")).json()["csrf_token"]
    assert browser.cookies[SECURE.csrf] == token
    async with browser_of(app, {}) as old:
        old.cookies = browser.cookies
        for given, status in ((None, 403), ("", 403), (foreign, 403), ("é", 403), (token, 202)):
            headers = {} if given is None else {"X-CSRF-Token": given.encode()}
            assert (await old.post(RESEND, headers=headers)).status_code == status, given
        assert (await old.post(f"{API}/auth/refresh", headers={"X-CSRF-Token": token})).status_code == 200


@on_sqlite
async def test_pages_of_another_origin_may_send_the_token_where_cors_lets_them(settings):
    async with served(settings.model_copy(update={"allowed_origins": ["https://app.example.org"]})) as client:
        asked = {
            "Origin": "https://app.example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-csrf-token",
        }
        allowed = await client.options(RESEND, headers=asked)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-credentials"] == "true"


@on_sqlite
async def test_changing_the_password_keeps_this_browser_signed_in_and_no_other(app, accounts, browser):
    await accounts.row(email="ada@example.org")
    await log_in(browser)
    async with browser_of(app) as elsewhere:
        await log_in(elsewhere)
        change = {"current_password": PASSWORD, "new_password": "Another8@battery-horse-staple"}
        assert (await browser.post(f"{API}/auth/password/change", json=change)).status_code == 200
        assert (await is_signed_in(browser), await is_signed_in(elsewhere)) == (True, False)
