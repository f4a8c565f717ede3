"""What a sign-in with a provider must not accept, each refused by the whole way: browser, service, real provider."""

import asyncio
from urllib.parse import parse_qs, urlsplit

from app.models import Identity, Session, User
from app.security.oidc import client as oidc_client
from app.security.oidc import http as oidc_http
from tests.auth.oidc.conftest import CALLBACK, LOGIN, Browser
from tests.auth.oidc.provider import CLIENT_ID, CLIENT_SECRET, FAULTS
from tests.auth.oidc.test_sign_in import count
from tests.backends import on_sqlite
from tests.conftest import client_of, served
from tests.contract.test_table import assert_problem
from tests.live import PATIENCE

pytestmark = on_sqlite


def refused(answer, status: int, slug: str) -> None:
    assert assert_problem(answer, status)["type"] == f"urn:problem-type:{slug}"


async def nothing_was_made(app) -> bool:
    return [await count(app, table) for table in (User, Identity, Session)] == [0, 0, 0]


async def test_a_wrong_state_is_refused(app, browser):
    back = await browser.log_in(await browser.begin(), "ada")
    for state in ("x" * 43, "", None, "é"):
        refused(await browser.come_back(back, state=state), 400, "oidc-state")
    assert await nothing_was_made(app)


async def test_the_answer_to_another_s_sign_in_is_refused_in_this_browser(app, browser):
    """Login CSRF: the attacker has begun, and has the victim's browser finish."""
    back = await browser.log_in(await browser.begin(), "ada")
    async with client_of(app) as victim:
        refused(await Browser(victim).come_back(back), 400, "oidc-state")  # has begun nothing
        await victim.get(LOGIN)
        refused(await Browser(victim).come_back(back), 400, "oidc-state")  # has begun a sign-in of its own
    assert await nothing_was_made(app)


async def test_a_code_of_another_sign_in_is_worth_nothing_even_with_the_right_state(app, browser):
    """Code injection: PKCE and nonce bind the code to the browser that asked for it."""
    stolen = parse_qs(urlsplit(await browser.log_in(await browser.begin(), "ada")).query)["code"][0]
    async with client_of(app) as service:
        attacker = Browser(service)
        own = await attacker.log_in(await attacker.begin(), "grace")
        refused(await attacker.come_back(own, code=stolen), 400, "oidc-code-refused")
        await attacker.outside.aclose()
    assert await nothing_was_made(app)


async def test_a_replayed_answer_is_refused(app, browser):
    back = await browser.log_in(await browser.begin(), "ada")
    kept = dict(browser.service.cookies)
    assert (await browser.come_back(back)).status_code == 200
    assert "oidc_flow" not in browser.service.cookies
    refused(await browser.come_back(back), 400, "oidc-state")  # the cookie is gone
    browser.service.cookies.update(kept)
    refused(await browser.come_back(back), 400, "oidc-code-refused")  # and the code with it
    assert await count(app, Session) == 1


async def test_the_cookie_is_of_this_service_for_this_provider_and_not_old(app, browser, monkeypatch):
    back = await browser.log_in(await browser.begin(), "ada")
    good = browser.service.cookies["oidc_flow"]
    browser.service.cookies.clear()
    browser.service.cookies.set("oidc_flow", good[:-5] + "AAAAA")
    refused(await browser.come_back(back), 400, "oidc-state")
    browser.service.cookies.set("oidc_flow", good)
    other = await browser.service.get(CALLBACK.replace("acme", "other"), params=parse_qs(urlsplit(back).query))
    refused(other, 400, "oidc-state")
    monkeypatch.setattr("app.auth.oidc_flow.FLOW_SECONDS", -1)
    refused(await browser.come_back(back), 400, "oidc-state")


async def test_an_answer_of_another_issuer_is_refused(app, browser):
    """Mix-up (RFC 9207). This provider promises to name itself, so silence is wrong too."""
    back = await browser.log_in(await browser.begin(), "ada")
    flow = dict(browser.service.cookies)
    for iss in ("https://id.evil.example", "", None):
        refused(await browser.come_back(back, iss=iss), 400, "oidc-wrong-issuer")
        browser.service.cookies.update(flow)
    assert await nothing_was_made(app)


async def test_an_id_token_with_a_fault_is_refused(app, browser):
    for fault in FAULTS:
        browser.outside.cookies.clear()  # somebody else at the provider
        answer = await browser.sign_in(fault)
        assert answer.status_code == 502, f"{fault}: {answer.text}"
        refused(answer, 502, "oidc-provider-fault")
    assert await nothing_was_made(app)


async def test_who_does_not_agree_at_the_provider_is_not_signed_in(app, browser):
    back = await browser.log_in(await browser.begin(), "ada")
    denied = await browser.come_back(back, code=None, error="access_denied")
    refused(denied, 401, "oidc-denied")
    assert "access_denied" not in denied.text


async def test_a_provider_that_is_not_configured_does_not_exist(client):
    for path in (LOGIN, CALLBACK):
        answer = await client.get(path.replace("acme", "https:%2F%2Fevil.example"))
        assert answer.status_code in {400, 404}
    assert_problem(await client.get(LOGIN.replace("acme", "other")), 404)


async def test_a_provider_that_is_down_is_a_503_and_when_it_is_back_its_new_key_is_found(
    app, browser, provider, settings, monkeypatch
):
    assert (await browser.sign_in("ada")).status_code == 200
    back = await browser.log_in(await browser.begin(), "ada")
    provider.kill()
    down = await browser.come_back(back)
    refused(down, 503, "oidc-provider-down")
    assert int(down.headers["retry-after"]) > 0
    async with served(settings) as client:
        refused(await client.get(LOGIN), 503, "oidc-provider-down")
    provider.change_key()
    provider.start()

    acme = app.state.resources.providers["acme"]
    get, looks = acme.http.get, list[str]()

    async def counted(url: str, **options: object) -> dict[str, object]:
        looks.append(url)
        return await get(url, **options)

    monkeypatch.setattr(acme.http, "get", counted)
    refused(await browser.sign_in("ada"), 502, "oidc-provider-fault")  # looked for keys less than half a minute ago
    assert looks == []
    monkeypatch.setattr(oidc_client, "ASK_AGAIN", 0.0)
    assert (await browser.sign_in("ada")).status_code == 200
    assert looks == [f"{provider.issuer}/.well-known/jwks.json"]


IMPOSTORS = [
    (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", 502),
    (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", 502),
    (b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n", 502),
    (b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}", 502),
    (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (oidc_http.MAX_BYTES + 1), 502),
    (b"HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n", 503),
    (b"no HTTP at all", 503),
    (b"", 503),  # accepts, and says nothing
]


async def test_whatever_answers_in_the_provider_s_place_is_a_502_or_503(settings, monkeypatch):
    answers = iter(IMPOSTORS)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        answer, _ = next(answers)
        writer.write(answer)
        if not answer:
            await reader.read()  # until the other side has had enough
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, served(provider_on(settings, server.sockets[0].getsockname()[1])) as client:
        for answer, status in IMPOSTORS:
            if not answer:
                monkeypatch.setattr(oidc_http, "SECONDS", 0.5)
            got = await asyncio.wait_for(client.get(LOGIN), PATIENCE)
            assert got.status_code == status, f"{answer[:60]!r}: {got.text}"
            assert "169.254" not in got.text


async def test_a_provider_that_describes_itself_badly_is_a_502(app, client, caplog, monkeypatch):
    acme = app.state.resources.providers["acme"]
    get = acme.http.get
    for changed, named in (
        ({"issuer": "https://id.evil.example"}, "the issuer there is"),
        ({"token_endpoint": None}, "token_endpoint is missing"),
        ({"jwks_uri": "ftp://127.0.0.1/keys"}, "jwks_uri is"),
        ({"authorization_endpoint": "http://"}, "authorization_endpoint is"),
    ):

        async def get_changed(url: str, changed=changed, **options: object) -> dict[str, object]:
            return {**await get(url, **options), **changed}

        monkeypatch.setattr(acme.http, "get", get_changed)
        refused(await client.get(LOGIN), 502, "oidc-provider-fault")
        assert named in caplog.text


def provider_on(settings, port: int):
    """The same settings with the provider at another port."""
    acme = {"issuer": f"http://127.0.0.1:{port}", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return type(settings)(_env_file=None, **{**settings.model_dump(), "oidc_providers": {"acme": acme}})
