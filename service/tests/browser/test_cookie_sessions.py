"""Signed in by cookie in a real browser: our pages may, no script sees a token, other sites get nowhere."""

from collections.abc import Callable
from typing import Any

from playwright.async_api import Browser, Page, Route

from tests.backends import on_sqlite
from tests.live import LiveService

PASSWORD = "Correct7!horse-battery@staple"
FETCH = """async ([method, path, body]) => {
    const headers = body instanceof Object ? {"Content-Type": "application/json"} : {}
    const form = typeof body === "string" ? new URLSearchParams(body) : undefined
    const options = {method, headers, body: form ?? (body ? JSON.stringify(body) : undefined), credentials: "include"}
    try {
        const answer = await fetch(path, options)
        return [answer.status, await answer.text()]
    } catch (error) {
        return [0, String(error)]
    }
}"""


def account(name: str) -> dict[str, str]:
    return {"email": f"{name}@example.org", "username": name, "password": PASSWORD}


async def call(page: Page, method: str, path: str, body: Any = None) -> tuple[int, str]:
    status, text = await page.evaluate(FETCH, [method, path, body])
    return status, text


async def page_of(browser_page: Page, address: str) -> None:
    """A page of another origin, without a server behind it."""

    async def serve(route: Route) -> None:
        await route.fulfill(body="<!doctype html><title>elsewhere</title>", content_type="text/html")

    await browser_page.context.route(address, serve)
    await browser_page.goto(address)


@on_sqlite
async def test_our_page_signs_in_by_cookie_and_other_sites_can_do_nothing_with_it(
    browser: Browser, live_service: Callable[..., LiveService]
) -> None:
    service = live_service()
    async with service.client() as client:
        (await client.post("/api/v1/auth/register", json=account("mallory"))).raise_for_status()
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{service.url}/forgot-password")
    status, text = await call(page, "POST", "/api/v1/auth/register?cookies=true", account("ada"))
    assert status == 200
    assert "token" in text
    assert "eyJ" not in text, "no JWT where a script could read it"
    assert "eyJ" not in await page.evaluate("document.cookie")
    assert "csrf" in await page.evaluate("document.cookie")

    assert (await call(page, "POST", "/api/v1/auth/verify-email/resend"))[0] == 202
    assert (await call(page, "POST", "/api/v1/auth/refresh"))[0] == 200
    assert (await call(page, "GET", "/api/v1/auth/me"))[0] == 200

    other = await context.new_page()
    await page_of(other, "http://127.0.0.1:9/another-port")  # same site, so that the cookies are sent
    assert await forged_form(other, f"{service.url}/api/v1/auth/logout") == 403
    await page_of(other, "http://elsewhere.example/page")  # another site, which may still try to sign us in as itself
    login = f"{service.url}/api/v1/auth/login?cookies=true"
    assert await forged_form(other, login, username="mallory@example.org", password=PASSWORD) == 403
    assert '"ada"' in (await call(page, "GET", "/api/v1/auth/me"))[1]

    assert (await call(page, "POST", "/api/v1/auth/logout"))[0] == 200
    assert await page.evaluate("document.cookie") == ""
    assert (await call(page, "GET", "/api/v1/auth/me"))[0] == 401


async def forged_form(page: Page, address: str, **fields: str) -> int:
    """The status of a form that a page of another origin sends there by itself."""
    async with page.expect_navigation() as navigation:
        await page.evaluate(
            """([address, fields]) => {
                const form = document.createElement("form")
                form.method = "POST"
                form.action = address
                for (const [name, value] of Object.entries(fields)) {
                    const input = document.createElement("input")
                    input.name = name
                    input.value = value
                    form.append(input)
                }
                document.body.append(form)
                form.submit()
            }""",
            [address, fields],
        )
    answer = await navigation.value
    assert answer is not None
    return answer.status
