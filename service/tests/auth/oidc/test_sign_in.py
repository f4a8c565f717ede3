"""Signing in with an OpenID provider, from the first click to the session."""

import asyncio
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import func, select, update

from app.models import Identity, OutboxJob, Session, User
from app.security.passwords import NO_PASSWORD
from tests.auth.oidc.conftest import CALLBACK, FRONTEND, LOGIN, Browser
from tests.auth.oidc.provider import CLIENT_ID
from tests.auth.second_factor.conftest import clock, doors  # noqa: F401  # fixtures
from tests.backends import on_both_databases, on_sqlite
from tests.conftest import client_of
from tests.contract.test_table import assert_problem

ME = "/api/v1/auth/me"
IDENTITIES = "/api/v1/auth/oidc/identities"


async def count(app, table) -> int:
    async with app.state.resources.database.session() as session:
        return await session.scalar(select(func.count()).select_from(table))


def bearer(answer) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@on_sqlite
async def test_the_providers_are_listed_without_their_secrets(client):
    answer = await client.get("/api/v1/auth/oidc/providers")
    assert answer.json() == [{"name": "acme", "title": "Acme", "login_path": LOGIN}]


@on_sqlite
async def test_the_browser_is_sent_with_state_nonce_and_a_challenge_and_keeps_a_sealed_cookie(browser, provider):
    answer = await browser.service.get(LOGIN)
    address = urlsplit(answer.headers["location"])
    assert f"{address.scheme}://{address.netloc}" == provider.issuer
    sent = {key: values[0] for key, values in parse_qs(address.query).items()}
    fixed = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": f"http://localhost{CALLBACK}"}
    assert fixed.items() <= sent.items()
    assert sent["code_challenge_method"] == "S256"
    assert {len(sent[name]) for name in ("state", "nonce", "code_challenge")} == {43}
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=600"} <= set(cookie.split("; "))
    assert not [value for value in (sent["state"], sent["nonce"]) if value in cookie]
    assert answer.headers["cache-control"] == "no-store"


@on_sqlite
async def test_on_https_the_cookie_is_secure_and_bound_to_the_host(app, provider):
    async with client_of(app) as service:
        answer = await service.get(f"https://localhost{LOGIN}")
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == "__Host-oidc_flow"
    assert "Secure" in rest
    assert "Path=/;" in rest


@on_both_databases
async def test_who_comes_for_the_first_time_gets_an_account_and_the_next_time_the_same(app, browser):
    first = await browser.sign_in("ada")
    assert first.headers["cache-control"] == "no-store"
    me = (await browser.service.get(ME, headers=bearer(first))).json()
    assert (me["email"], me["first_name"], me["last_name"]) == ("ada@example.org", "Ada", "Lovelace")
    assert (me["username"], me["role"], me["is_verified"]) == ("ada", "user", True)
    assert me["last_login_at"] is not None
    again = await browser.sign_in("ada")
    assert (await browser.service.get(ME, headers=bearer(again))).json()["id"] == me["id"]
    assert (await count(app, User), await count(app, Identity), await count(app, Session)) == (1, 1, 2)


@on_both_databases
async def test_who_comes_for_the_first_time_in_two_tabs_gets_one_account(app, browser):
    async with client_of(app) as service:
        tabs = browser, Browser(service)
        backs = [await tab.log_in(await tab.begin(), "ada") for tab in tabs]
        answers = await asyncio.gather(*(tab.come_back(back) for tab, back in zip(tabs, backs, strict=True)))
        await tabs[1].outside.aclose()
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses in ([200, 200], [200, 409])
    assert (await count(app, User), await count(app, Identity), await count(app, Session)) == (
        1,
        1,
        statuses.count(200),
    )


@on_sqlite
async def test_claims_that_are_not_in_the_id_token_are_asked_for(browser):
    me = (await browser.service.get(ME, headers=bearer(await browser.sign_in("terse")))).json()
    assert (me["email"], me["username"]) == ("terse@example.org", "terse")


@on_sqlite
async def test_a_taken_username_is_not_taken_twice(browser, accounts):
    await accounts.row(username="ADA", email="another@example.org")
    me = (await browser.service.get(ME, headers=bearer(await browser.sign_in("ada")))).json()
    assert me["username"].startswith("ada_")


@on_both_databases
async def test_a_verified_account_with_the_verified_address_is_linked_and_told(app, browser, accounts):
    row = await accounts.row(email="ada@example.org")
    me = (await browser.service.get(ME, headers=bearer(await browser.sign_in("ada")))).json()
    assert me["id"] == row.id
    assert me["first_name"] == row.first_name  # what the provider says is no update
    async with app.state.resources.database.session() as session:
        events = [job.payload.get("event") for job in await session.scalars(select(OutboxJob))]
    assert events == ["identity_linked"]
    assert (await accounts.login(row)).id == row.id  # the password is as good as before


@on_sqlite
async def test_an_address_the_provider_has_not_verified_links_nothing_and_makes_nothing(app, browser, accounts):
    await accounts.row(email="ada@example.org")
    before = await count(app, User)
    refused = await browser.sign_in("mallory")
    assert assert_problem(refused, 403)["type"] == "urn:problem-type:oidc-email-unverified"
    assert (await count(app, Identity), await count(app, Session), await count(app, User)) == (0, 0, before)


@on_sqlite
async def test_an_account_that_nobody_has_verified_is_not_linked(app, browser, accounts):
    """Somebody registered the address before its owner came: they must not come to share the account."""
    squatter = await accounts.user(email="ada@example.org", is_verified=False)
    refused = await browser.sign_in("ada")
    assert assert_problem(refused, 403)["type"] == "urn:problem-type:account-unverified"
    assert await count(app, Identity) == 0
    assert (await browser.service.get(ME, headers=squatter.headers)).json()["is_verified"] is False


@on_sqlite
async def test_a_deactivated_account_cannot_sign_in_this_way_either(app, browser, accounts):
    await accounts.row(email="grace@example.org", is_active=False)
    assert_problem(await browser.sign_in("grace"), 401)
    assert await count(app, Identity) == 0


@on_sqlite
async def test_a_deactivated_account_that_is_linked_cannot_sign_in(app, browser):
    bearer(await browser.sign_in("ada"))
    async with app.state.resources.database.session() as session:
        await session.execute(update(User).values(is_active=False))
    assert_problem(await browser.sign_in("ada"), 401)


@on_sqlite
async def test_with_a_page_to_return_to_the_session_is_in_cookies(browser):
    answer = await browser.sign_in("ada", return_to=f"{FRONTEND}/welcome?tab=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{FRONTEND}/welcome?tab=1"
    assert "access_token" not in answer.text
    assert (await browser.service.get(ME)).json()["email"] == "ada@example.org"


@on_sqlite
async def test_a_refusal_reaches_the_page_in_the_fragment(browser):
    answer = await browser.sign_in("mallory", return_to="/account")
    page, _, fragment = answer.headers["location"].partition("#")
    assert (answer.status_code, page) == (303, "/account")
    assert parse_qs(fragment)["error"] == ["oidc-email-unverified"]
    assert (await browser.service.get(ME)).status_code == 401


@on_sqlite
async def test_pages_of_others_are_not_returned_to(browser):
    for address in (
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "https://www.example.org.evil.example/",
        "https://www.example.org@evil.example/",
        "http://www.example.org/",
        "javascript:alert(1)",
        "evil",
        "",
    ):
        answer = await browser.service.get(LOGIN, params={"return_to": address})
        assert assert_problem(answer, 422)["errors"][0]["in"] == "query", address


@on_sqlite
async def test_a_second_factor_is_asked_for_here_too(app, browser, doors):  # noqa: F811
    person = await doors.protected(email="ada@example.org")
    sessions = await count(app, Session)
    first = await browser.sign_in("ada")
    problem = assert_problem(first, 401)
    assert problem["type"] == "urn:problem-type:second-factor-required"
    assert await count(app, Session) == sessions
    assert (await doors.second_step(problem["mfa_token"], person.next_code())).status_code == 200

    there = await browser.sign_in("ada", return_to=f"{FRONTEND}/")
    told = parse_qs(urlsplit(there.headers["location"]).fragment)
    assert told["error"] == ["second-factor-required"]
    assert (await browser.service.get(ME)).status_code == 401
    body = {"mfa_token": told["mfa_token"][0], "code": person.next_code()}
    url = "/api/v1/auth/login/second-factor?cookies=true"
    assert (await browser.service.post(url, json=body, headers={"Origin": FRONTEND})).status_code == 200
    assert (await browser.service.get(ME)).status_code == 200


@on_both_databases
async def test_a_link_is_listed_and_removed_but_not_the_last_way_in(app, browser, accounts):
    headers = bearer(await browser.sign_in("ada"))
    (linked,) = (await browser.service.get(IDENTITIES, headers=headers)).json()
    assert (linked["provider"], linked["email"]) == ("acme", "ada@example.org")
    url = f"{IDENTITIES}/{linked['id']}"
    kept = await browser.service.delete(url, headers=headers)
    assert assert_problem(kept, 409)["type"] == "urn:problem-type:last-sign-in"
    assert len((await browser.service.get(IDENTITIES, headers=headers)).json()) == 1
    async with app.state.resources.database.session() as session:
        changed = update(User).where(User.hashed_password == NO_PASSWORD).values(hashed_password="x")
        await session.execute(changed)
    assert (await browser.service.delete(url, headers=headers)).status_code == 200
    assert (await browser.service.delete(url, headers=headers)).status_code == 404


@on_sqlite
async def test_an_account_without_a_password_has_no_password_that_signs_in(browser, client):
    bearer(await browser.sign_in("ada"))
    for password in (NO_PASSWORD, "x"):
        answer = await client.post("/api/v1/auth/login", data={"username": "ada", "password": password})
        assert answer.status_code == 401
