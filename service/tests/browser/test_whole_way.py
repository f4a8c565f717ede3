"""The whole way of a user and an administrator, every part in its own process, in a browser with no way out."""

from collections.abc import Callable
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.backends import on_redis
from tests.browser.test_admin import ADMIN, choose, sign_in
from tests.browser.test_mail_pages import keep, link_in
from tests.live import LiveService, wait_until
from tests.tasks.smtp import MailServer
from tests.tasks.test_mails import NEW_USER

API = "/api/v1"
_SEND = """async ([method, path, body, form]) => {
    const sent = body === null ? undefined : form ? new URLSearchParams(body) : JSON.stringify(body);
    const answer = await fetch(path, {method, headers: form ? {} : {"Content-Type": "application/json"}, body: sent});
    return [answer.status, await answer.json()];
}"""


async def send(page: Page, method: str, path: str, body: object = None, *, form: bool = False) -> tuple[int, Any]:
    """What a script of the page gets: the browser adds cookies and says where the request comes from."""
    status, answer = await page.evaluate(_SEND, [method, path, body, form])
    return status, answer


@on_redis
async def test_a_user_confirms_signs_in_and_publishes_and_an_administrator_ends_it(
    browser: Browser,
    live_service: Callable[..., LiveService],
    start_worker: Callable[[dict[str, str], str], Any],
    redis_address: str,
    mail_server: MailServer,
) -> None:
    mail = {"smtp_host": "127.0.0.1", "smtp_port": mail_server.port, "smtp_tls": "none"}
    service = live_service(run_jobs=True, celery_broker_url=redis_address, **mail, **ADMIN)
    start_worker(service.environment, "one")
    person = await browser.new_page(viewport={"width": 800, "height": 600})
    await person.goto(f"{service.url}/forgot-password")  # any page of ours
    status, _ = await send(person, "POST", f"{API}/auth/register", NEW_USER)
    assert status == 200
    wait_until(lambda: mail_server.messages)
    await person.goto(link_in(mail_server, number=0))
    await person.click("button")
    await expect(person.locator("#outcome")).to_contain_text("confirmed")
    await keep(person, "whole-verify")

    secret = {"username": NEW_USER["email"], "password": NEW_USER["password"]}
    status, signed_in = await send(person, "POST", f"{API}/auth/login?cookies=true", secret, form=True)
    assert (status, set(signed_in)) == (200, {"expires_in", "csrf_token"})
    status, me = await send(person, "GET", f"{API}/auth/me")
    assert (status, me["is_verified"]) == (200, True)
    draft = {"title": "The whole way", "content": "From a form to a page.", "status": "published"}
    status, post = await send(person, "POST", f"{API}/posts", draft)
    assert (status, post["status"]) == (201, "published")

    operator = await (await browser.new_context(viewport={"width": 1280, "height": 800})).new_page()
    await operator.goto(f"{service.url}/admin/users/list")
    await sign_in(operator)
    await choose(operator, NEW_USER["email"], "Deactivate")
    await operator.locator("#actionSubmit").click()
    await expect(operator.locator(".alert-success")).to_contain_text("1 user deactivated.")
    await keep(operator, "whole-deactivated")
    assert (await send(person, "GET", f"{API}/auth/me"))[0] == 401
