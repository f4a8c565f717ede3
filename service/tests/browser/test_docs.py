"""The documentation pages, in a browser with no way out: complete, and nothing asked of anyone else."""

from collections.abc import Callable

from playwright.async_api import Browser, Page, expect

from tests.backends import on_sqlite
from tests.live import LiveService

LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"


async def opened(browser: Browser, address: str) -> tuple[Page, list[str]]:
    """The page, and everything that went wrong on it (failed requests, script errors, CSP violations).

    ReDoc's bundle asks for its maker's logo; our policy stops it before it leaves, and the page does without.
    """
    page = await browser.new_page(viewport={"width": 1280, "height": 1600})
    wrong: list[str] = []
    page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    await page.goto(address, wait_until="networkidle")
    return page, [what for what in wrong if LOGO not in what]


@on_sqlite
async def test_swagger_shows_every_operation_with_the_network_cut(
    browser: Browser, live_service: Callable[..., LiveService]
):
    service = live_service()
    async with service.client() as client:
        document = (await client.get("/api/v1/openapi.json")).json()
    operations = sum(len(item) for item in document["paths"].values())
    page, wrong = await opened(browser, f"{service.url}/docs")
    await expect(page.locator(".opblock")).to_have_count(operations, timeout=15_000)
    await expect(page.locator(".info .title")).to_contain_text(document["info"]["title"])
    await page.locator(".opblock", has_text="/api/v1/auth/login").first.click()
    await expect(page.get_by_role("button", name="Execute")).to_be_visible()
    assert wrong == []


@on_sqlite
async def test_redoc_is_complete_with_the_network_cut(browser: Browser, live_service: Callable[..., LiveService]):
    service = live_service()
    page, wrong = await opened(browser, f"{service.url}/redoc")
    await expect(page.get_by_text("/api/v1/auth/login").first).to_be_attached(timeout=15_000)
    assert wrong == []


@on_sqlite
async def test_an_operation_can_be_tried_from_the_page(browser: Browser, live_service: Callable[..., LiveService]):
    service = live_service()
    page, wrong = await opened(browser, f"{service.url}/docs")
    block = page.locator(".opblock", has_text="/health").first
    await block.click()
    await block.get_by_role("button", name="Execute").click()
    await expect(block.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    assert wrong == []
