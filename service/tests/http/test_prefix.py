"""Under a part of a host: PUBLIC_URL with a path, behind a real nginx that passes it on or takes it off."""

import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from app.main import create_app
from tests.backends import Backend, on_sqlite
from tests.conftest import SECRET_KEY, served, settings_for
from tests.factories import PASSWORD
from tests.live import LiveService, wait_until
from tests.proxies import Nginx
from tests.tasks.smtp import MailServer
from tests.tasks.test_mails import NEW_USER, parts

PREFIX = "/blog"
ADMIN = {"first_admin_email": "admin@example.org", "first_admin_password": PASSWORD}


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module", params=[False, True], ids=["passed on", "taken off"])
def nginx(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, mails: MailServer
) -> Iterator[tuple[Nginx, LiveService]]:
    folder = tmp_path_factory.mktemp("prefix")
    shutil.copy(sqlite_template, folder / "service.db")
    backend = Backend(name="sqlite", database_url=f"sqlite:///{folder}/service.db")
    mail = {"smtp_host": "127.0.0.1", "smtp_port": mails.port, "smtp_tls": "none", "run_jobs": True}
    trusted = {"trusted_proxies": "127.0.0.1", **ADMIN, **mail}
    service = LiveService(backend, data_dir=folder, workers=1, secret_key=SECRET_KEY, environment=trusted)
    front = Nginx(service=service.port, prefix=PREFIX, strips=request.param)
    service.environment |= {"PUBLIC_URL": front.url}
    try:
        service.start()
        front.start()
        yield front, service
    finally:
        front.stop()
        service.stop()


@pytest.fixture
async def outside(nginx: tuple[Nginx, LiveService]) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=nginx[0].url, timeout=30) as client:
        yield client


def newcomer(name: str) -> dict[str, str]:
    return {**NEW_USER, "email": f"{name}@example.org", "username": name}


class Links(HTMLParser):
    """Every address that a page names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value for name, value in attrs if value and name in {"href", "src", "action", "spec-url"}}


@pytest.mark.parametrize(
    "page",
    [
        "",
        "/docs",
        "/redoc",
        "/verify-email",
        "/forgot-password",
        "/reset-password",
        "/admin",
        "/admin/",
        "/api/v1/docs",
    ],
)
async def test_a_page_and_all_it_names_is_found_under_the_prefix(outside: httpx2.AsyncClient, page: str):
    answer = await outside.get(page, follow_redirects=True, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    for address in (answer.url, *(step.headers["location"] for step in answer.history)):
        assert urlsplit(str(address)).path.startswith(f"{PREFIX}/"), address
    named = {urljoin(str(answer.url), link) for link in Links(answer.text).found if not link.startswith(("data:", "#"))}
    assert named or "application/json" in answer.headers["content-type"]
    for link in named:
        assert link.startswith(str(outside.base_url)), link
        assert (await outside.get(link, follow_redirects=True)).status_code == 200, link


async def test_the_document_tells_clients_where_the_api_is(outside: httpx2.AsyncClient):
    document = (await outside.get("/openapi.json", follow_redirects=True)).json()
    assert document["servers"] == [{"url": PREFIX}]
    flow = document["components"]["securitySchemes"]["Bearer"]["flows"]["password"]
    assert flow["tokenUrl"] == f"{PREFIX}/api/v1/auth/login"
    for path, operations in document["paths"].items():
        if "get" in operations and "{" not in path:
            address = f"{document['servers'][0]['url'].removeprefix(PREFIX)}{path}"
            async with outside.stream("GET", address) as answer:  # an event stream has no end to be waited for
                assert answer.status_code in {200, 401}, path


async def test_redirects_problems_and_names_of_routes_know_the_prefix(
    outside: httpx2.AsyncClient, nginx: tuple[Nginx, LiveService]
):
    slash = await outside.get("/api/v1/users/")
    assert (slash.status_code, slash.headers["location"]) == (307, f"{nginx[0].url}/api/v1/users")
    lost = await outside.get("/api/v1/nothing")
    assert (lost.status_code, lost.json()["instance"]) == (404, f"{PREFIX}/api/v1/nothing")
    wrong = await outside.patch("/api/v1/auth/login")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    await outside.get("/api/v1/auth/me")
    async with nginx[1].client() as inside:
        metrics = (await inside.get("/metrics")).text
    assert 'route="/api/v1/auth/me"' in metrics
    assert f'route="{PREFIX}' not in metrics


async def test_the_cookies_of_a_browser_stay_under_the_prefix(outside: httpx2.AsyncClient):
    ada = newcomer("ada")
    await outside.post("/api/v1/auth/register", json=ada)
    form = {"username": ada["email"], "password": ada["password"]}
    own = {"Origin": f"{outside.base_url.scheme}://{outside.base_url.netloc.decode()}"}
    signed_in = await outside.post("/api/v1/auth/login?cookies=true", data=form, headers=own)
    paths = {cookie.path for cookie in outside.cookies.jar}
    assert signed_in.status_code == 200
    assert paths == {PREFIX, f"{PREFIX}/api/v1/auth/refresh"}
    assert (await outside.get("/api/v1/auth/me")).status_code == 200
    assert (await outside.post("/api/v1/auth/refresh", headers=own)).status_code == 200
    await outside.get("/admin/login")
    assert {cookie.path for cookie in outside.cookies.jar} - paths == {f"{PREFIX}/admin"}


async def test_what_is_made_says_where_it_is(outside: httpx2.AsyncClient, nginx: tuple[Nginx, LiveService]):
    registered = (await outside.post("/api/v1/auth/register", json=newcomer("grace"))).json()
    headers = {"Authorization": f"Bearer {registered['access_token']}"}
    post = {"title": "Under a prefix", "content": "Found where it says it is.", "status": "published"}
    made = await outside.post("/api/v1/posts", json=post, headers=headers)
    where = made.headers["location"]
    assert where == f"{PREFIX}/api/v1/posts/{made.json()['id']}"
    host = urljoin(nginx[0].url, "/")
    async with httpx2.AsyncClient(base_url=host, timeout=30) as elsewhere:
        for _ in range(2):  # the second is answered from memory
            assert (await elsewhere.get(where)).json()["title"] == post["title"]
        await outside.put(f"/api/v1/posts/{made.json()['id']}", json={"title": "Changed"}, headers=headers)
        assert (await elsewhere.get(where)).json()["title"] == "Changed"


async def test_the_links_in_mails_and_the_announcement_are_under_the_prefix(
    outside: httpx2.AsyncClient, nginx: tuple[Nginx, LiveService], mails: MailServer
):
    mails.messages.clear()
    await outside.post("/api/v1/auth/register", json=newcomer("linus"))
    wait_until(lambda: [mail for mail in mails.messages if "linus" in str(mail["To"])])
    mail = next(mail for mail in mails.messages if "linus" in str(mail["To"]))
    link = re.search(r"http://\S+#token=", parts(mail)[0])
    assert link is not None
    assert link.group() == f"{nginx[0].url}/verify-email#token="
    assert (await outside.get(link.group())).status_code == 200
    assert f"{PREFIX}/docs" in nginx[1].log()


async def test_probes_that_ask_the_process_itself_need_no_prefix(nginx: tuple[Nginx, LiveService]):
    async with nginx[1].client() as inside:
        for path in ("/health/live", "/health/ready", "/metrics", f"{PREFIX}/health/live"):
            assert (await inside.get(path)).status_code == 200


@on_sqlite
@pytest.mark.parametrize("prefix", ["/blog", "/a/b.c/d-e_f"])
@pytest.mark.parametrize("given", [True, False])
async def test_https_cookies_under_a_prefix_are_sent_to_it_alone(
    backend: Backend, tmp_path: Path, prefix: str, given: bool
):
    chosen = settings_for(
        backend, data_dir=tmp_path, public_url=f"https://localhost{prefix}/", trusted_proxies=["127.0.0.1"]
    )
    sent = {"X-Forwarded-Proto": "https", "Sec-Fetch-Site": "same-origin"}
    async with served(chosen) as client:
        path = f"{prefix if given else ''}/api/v1/auth/register?cookies=true"
        answer = await client.post(path, json=NEW_USER, headers=sent)
        cookies = answer.headers.get_list("set-cookie")
        assert len(cookies) == 3
        for cookie in cookies:
            assert cookie.startswith("__Secure-")
            assert f"; Path={prefix}" in cookie
            assert "; Secure" in cookie
        doubled = await client.get(f"{prefix}{prefix}/health")
        assert doubled.status_code == 404


@on_sqlite
async def test_the_acceptance_of_a_prefix_does_not_open_what_the_rules_close(backend: Backend, tmp_path: Path):
    """Limits, hosts and policies go by the address, in either form."""
    chosen = settings_for(
        backend,
        data_dir=tmp_path,
        public_url="http://localhost/blog",
        allowed_hosts=["localhost"],
        rate_limit_requests=4,
    )
    async with served(chosen) as client:
        for path in ("/blog/health", "/health"):
            assert (await client.get(path, headers={"Host": "10.0.0.7"})).status_code == 200
        for path in ("/blog/api/v1/auth/oidc/providers", "/api/v1/auth/oidc/providers"):
            assert (await client.get(path, headers={"Host": "evil.example"})).status_code == 400
        pages: Callable[[str], str] = lambda prefix: f"{prefix}/forgot-password"  # noqa: E731
        policies = {(await client.get(pages(prefix))).headers["content-security-policy"] for prefix in ("", "/blog")}
        assert len(policies) == 1
        assert "script-src 'self'" in policies.pop()
        statuses = [(await client.get(f"{prefix}/api/v1/auth/oidc/providers")).status_code for prefix in ("", "/blog")]
        assert statuses == [200, 200]
        assert (await client.get("/api/v1/auth/oidc/providers")).status_code == 429


@on_sqlite
async def test_two_services_of_one_host_do_not_sign_each_other_out(backend: Backend, tmp_path: Path):
    """One browser, two prefixes: the same cookies' names, kept apart by their paths."""
    apps = {
        prefix: create_app(settings_for(backend, data_dir=tmp_path, public_url=f"http://localhost{prefix}"))
        for prefix in ("/blog", "/shop")
    }

    async def host(scope: Scope, receive: Receive, send: Send) -> None:
        await apps[f"/{scope['path'].split('/')[1]}"](scope, receive, send)

    async with AsyncExitStack() as running:
        for app in apps.values():
            await running.enter_async_context(app.router.lifespan_context(app))
        transport = httpx2.ASGITransport(host)
        headers = {"Origin": "http://localhost"}
        client = httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)
        browser = await running.enter_async_context(client)
        for prefix, name in (("/blog", "ada"), ("/shop", "grace")):
            made = await browser.post(f"{prefix}/api/v1/auth/register?cookies=true", json=newcomer(name))
            assert made.status_code == 200
        for prefix, name in (("/blog", "ada"), ("/shop", "grace")):
            assert (await browser.get(f"{prefix}/api/v1/auth/me")).json()["username"] == name
        assert (await browser.post("/shop/api/v1/auth/logout")).status_code == 200
        assert (await browser.get("/blog/api/v1/auth/me")).status_code == 200
