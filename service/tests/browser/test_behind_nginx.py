"""The pages as a part of another host, behind nginx with TLS and HTTP/2: nothing is asked of the rest of that host."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Page, Response, expect

from tests.browser.test_admin import ADMIN, sign_in
from tests.browser.test_cookie_sessions import account, call
from tests.browser.test_mail_pages import keep, link_in
from tests.browser.watching import faults_of
from tests.conftest import SECRET_KEY, empty_postgres
from tests.stack import PREFIX, Stack, whole_stack
from tests.tasks.smtp import MailServer
from tests.tasks.test_mails import NEW_USER


@pytest.fixture(scope="module")
def mailbox() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stack(postgres_database: str, tmp_path_factory: pytest.TempPathFactory, mailbox: MailServer) -> Iterator[Stack]:
    """One for all tests of the module: each has a user of its own."""
    empty_postgres(postgres_database)
    mail = {"smtp_host": "127.0.0.1", "smtp_port": mailbox.port, "smtp_tls": "none", "run_jobs": True}
    folder = tmp_path_factory.mktemp("behind")
    with whole_stack(postgres_database, folder=folder, secret_key=SECRET_KEY, **mail, **ADMIN) as started:
        yield started


class Watched:
    """A page, and what went wrong on it: an address outside the prefix, an error of a script or of the server."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self.page, self.wrong = page, faults_of(page)
        self._within = f"{stack.url}/"
        page.on("response", self._see)

    def _see(self, response: Response) -> None:
        if response.url.startswith(("data:", "blob:")):
            return
        if not response.url.startswith(self._within) or response.status >= 500 or response.status == 404:
            self.wrong.append(f"{response.status}: {response.url}")


async def watched(browser: Browser, stack: Stack) -> Watched:
    context = await browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900})
    return Watched(await context.new_page(), stack)


async def test_mails_lead_to_pages_that_work(browser: Browser, stack: Stack, mailbox: MailServer) -> None:
    async with stack.client() as client:
        (await client.post("/api/v1/auth/register", json=NEW_USER)).raise_for_status()
    person = await watched(browser, stack)
    page = person.page
    await page.goto(link_in(mailbox, number=0))
    assert page.url == f"{stack.url}/verify-email"
    assert await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
    await page.click("button")
    await expect(page.locator("#outcome.good")).to_contain_text("confirmed")
    await page.goto(f"{stack.url}/forgot-password")
    await page.fill("input", NEW_USER["email"])
    await page.keyboard.press("Enter")
    await expect(page.locator("#outcome.good")).to_contain_text("on its way")
    await page.goto(link_in(mailbox, number=1))
    await page.fill("input", "Another9$giraffe-lantern")
    await page.click("button")
    await expect(page.locator("#outcome.good")).to_contain_text("new password is set")
    assert person.wrong == []


async def test_a_browser_signs_in_by_cookies_that_stay_under_the_prefix(browser: Browser, stack: Stack) -> None:
    person = await watched(browser, stack)
    page = person.page
    await page.goto(f"{stack.url}/forgot-password")
    status, _ = await call(page, "POST", "api/v1/auth/register?cookies=true", account("ada"))
    assert status == 200
    cookies = await page.context.cookies()
    assert {cookie["path"] for cookie in cookies} == {PREFIX, f"{PREFIX}/api/v1/auth/refresh"}
    assert all(cookie["secure"] for cookie in cookies)
    assert (await call(page, "GET", "api/v1/auth/me"))[0] == 200
    assert (await call(page, "POST", "api/v1/auth/refresh"))[0] == 200
    assert (await call(page, "POST", "api/v1/auth/logout"))[0] == 200
    assert await page.context.cookies() == []
    assert person.wrong == []


async def test_the_documentation_tries_requests_under_the_prefix(browser: Browser, stack: Stack) -> None:
    reader = await watched(browser, stack)
    page = reader.page
    await page.goto(f"{stack.url}/docs")
    block = page.locator(".opblock", has_text="/health").first
    await block.click()
    await block.get_by_role("button", name="Execute").click()
    await expect(block.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    await keep(page, "prefix-docs")
    await page.goto(f"{stack.url}/redoc")
    await expect(page.get_by_text("/api/v1/auth/login").first).to_be_attached()
    assert reader.wrong == []


async def test_an_administrator_works_under_the_prefix(browser: Browser, stack: Stack) -> None:
    somebody = account("somebody")
    async with stack.client() as client:
        (await client.post("/api/v1/auth/register", json=somebody)).raise_for_status()
    operator = await watched(browser, stack)
    page = operator.page
    await page.goto(f"{stack.url}/admin/users/list")
    await sign_in(page)
    assert page.url.startswith(f"{stack.url}/admin/users/list"), "where they wanted to go"
    line = page.locator("tbody tr", has_text=somebody["email"])
    await line.get_by_label("Actions").click()
    await line.get_by_text("Deactivate", exact=True).click()
    await page.locator("#actionSubmit").click()
    await expect(page.locator(".alert-success")).to_contain_text("1 user deactivated.")
    await keep(page, "prefix-admin")
    for name in ("sessions", "jobs"):
        await page.goto(f"{stack.url}/admin/{name}/list")
        await expect(page.locator("table")).to_be_visible()
    assert operator.wrong == []
