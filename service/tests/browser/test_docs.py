"""The documentation pages, in a browser with no way out: complete, and nothing asked of anyone else."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.backends import Backend
from tests.browser.test_mail_pages import keep
from tests.browser.watching import faults_of
from tests.conftest import SECRET_KEY
from tests.live import LiveService


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """One for all pages: nothing is written."""
    folder = tmp_path_factory.mktemp("docs")
    backend = Backend(name="sqlite", database_url=f"sqlite:///{folder}/service.db")
    started = LiveService(backend, data_dir=folder, workers=1, secret_key=SECRET_KEY, environment={})
    started.start()
    yield started
    started.stop()


async def opened(browser: Browser, address: str, **options: Any) -> tuple[Page, list[str]]:
    """The page, and everything that went wrong on it (failed requests, script errors, CSP violations, other hosts)."""
    page = await browser.new_page(viewport={"width": 1280, "height": 1600}, **options)
    wrong = faults_of(page, console=True)
    host = urlsplit(address).netloc
    page.on("request", lambda asked: wrong.append(asked.url) if urlsplit(asked.url).netloc not in {host, ""} else None)
    await page.goto(address, wait_until="networkidle")
    return page, wrong


async def test_swagger_shows_every_operation_with_the_network_cut(browser: Browser, service: LiveService):
    async with service.client() as client:
        document = (await client.get("/api/v1/openapi.json")).json()
    operations = sum(len(item) for item in document["paths"].values())
    page, wrong = await opened(browser, f"{service.url}/docs")
    await expect(page.locator(".opblock")).to_have_count(operations)
    await expect(page.locator(".info .title")).to_contain_text(document["info"]["title"])
    await page.locator(".opblock", has_text="/api/v1/auth/login").first.click()
    await expect(page.get_by_role("button", name="Execute")).to_be_visible()
    assert wrong == []


async def test_redoc_is_complete_with_the_network_cut(browser: Browser, service: LiveService):
    page, wrong = await opened(browser, f"{service.url}/redoc")
    await expect(page.get_by_text("/api/v1/auth/login").first).to_be_attached()
    assert wrong == []


async def test_an_operation_can_be_tried_from_the_page(browser: Browser, service: LiveService):
    page, wrong = await opened(browser, f"{service.url}/docs")
    block = page.locator(".opblock", has_text="/health").first
    await block.click()
    await block.get_by_role("button", name="Execute").click()
    await expect(block.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    assert wrong == []


_BRIGHTNESS = """selector => {
    const brightness = color => {
        const parts = color.match(/[\\d.]+/g).map(Number)
        return parts[3] === 0 ? null : (parts[0] + parts[1] + parts[2]) / 3
    }
    const text = document.querySelector(selector)
    let behind = null
    for (let shown = text; shown && behind === null; shown = shown.parentElement)
        behind = brightness(getComputedStyle(shown).backgroundColor)
    return [brightness(getComputedStyle(text).color), behind ?? 255]
}"""


@pytest.mark.parametrize(("name", "text"), [("docs", ".info .title"), ("redoc", "h1"), ("redoc", "h5")])
async def test_the_pages_are_dark_where_the_reader_wants_them_dark(
    browser: Browser, service: LiveService, name: str, text: str
):
    for scheme in ("dark", "light"):
        page, wrong = await opened(browser, f"{service.url}/{name}", color_scheme=scheme)
        await expect(page.locator(text).first).to_be_visible()
        letters, behind = await page.evaluate(_BRIGHTNESS, text)
        assert (letters > 120 and behind < 60) if scheme == "dark" else (letters < 130 and behind > 200)
        await keep(page, f"{name}-{scheme}")
        assert wrong == []
