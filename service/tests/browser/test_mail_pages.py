"""The pages mails link to, walked as the person who got the mail does."""

import os
import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.backends import on_sqlite
from tests.browser.watching import faults_of
from tests.live import LiveService, wait_until
from tests.tasks.smtp import MailServer
from tests.tasks.test_mails import NEW_USER, parts


def link_in(mail_server: MailServer, *, number: int, to: str = NEW_USER["email"]) -> str:
    """The link in one of the mails that this address got."""

    def mails() -> list[EmailMessage]:
        return [mail for mail in mail_server.messages if mail["To"] == to.lower()]

    wait_until(lambda: len(mails()) > number)
    found = re.search(r"https?://\S+#token=\S+", parts(mails()[number])[0])
    assert found is not None
    return found.group()


@on_sqlite
async def test_the_links_in_mails_lead_to_a_confirmed_address_and_a_new_password(
    browser: Browser, live_service: Callable[..., LiveService], mail_server: MailServer
) -> None:
    mail = {"smtp_host": "127.0.0.1", "smtp_port": mail_server.port, "smtp_tls": "none"}
    service = live_service(run_jobs=True, **mail)
    async with service.client() as client:
        (await client.post("/api/v1/auth/register", json=NEW_USER)).raise_for_status()
    page = await browser.new_page(viewport={"width": 800, "height": 600})
    wrong = faults_of(page)

    await page.goto(link_in(mail_server, number=0))
    await expect(page.locator("h1")).to_have_text("Confirm your e-mail address")
    assert "token" not in page.url, "the token is gone from the address bar"
    await keep(page, "verify")
    await page.click("button")
    await expect(page.locator("#outcome")).to_contain_text("confirmed")

    await page.goto(f"{service.url}/forgot-password")
    await page.fill("input", NEW_USER["email"])
    await page.keyboard.press("Enter")
    await expect(page.locator("#outcome")).to_contain_text("on its way")

    await page.goto(link_in(mail_server, number=1))
    await page.fill("input", "short")
    await page.click("button")
    await expect(page.locator("#outcome.bad")).to_contain_text("8")
    await page.fill("input", "Another9$giraffe-lantern")
    await page.click("button")
    await expect(page.locator("#outcome.good")).to_contain_text("new password is set")
    await keep(page, "reset")

    form = {"username": NEW_USER["email"], "password": "Another9$giraffe-lantern"}
    async with service.client() as client:
        assert (await client.post("/api/v1/auth/login", data=form)).status_code == 200
    await page.goto(f"{service.url}/reset-password")
    await expect(page.locator("#outcome.bad")).to_contain_text("not complete")
    assert wrong == []


async def keep(page, name: str) -> None:
    """A picture to look at, where somebody asked for it."""
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png")
