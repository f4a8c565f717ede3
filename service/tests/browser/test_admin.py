"""The admin site in a browser with no way out: what an administrator does on an ordinary day."""

from collections.abc import Callable
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from app.models import JobStatus, OutboxJob
from app.tasks.store import JobStore
from tests.backends import Backend, on_sqlite
from tests.browser.test_mail_pages import keep
from tests.browser.watching import faults_of
from tests.conftest import settings_for
from tests.factories import PASSWORD
from tests.live import LiveService
from tests.tasks.test_mails import NEW_USER

ADMIN = {"first_admin_email": "admin@example.org", "first_admin_password": PASSWORD}


def dead_job(backend: Backend, folder: Path) -> None:
    store = JobStore(settings_for(backend, data_dir=folder))
    with store.session() as session:
        session.add(OutboxJob(name="mail.verify_email", payload={}, status=JobStatus.DEAD, last_error="no such host"))
    store.close()


async def choose(page: Page, row: str, action: str) -> None:
    """Open the menu of a row and choose from it."""
    line = page.locator("tbody tr", has_text=row)
    await line.get_by_label("Actions").click()
    await line.get_by_text(action, exact=True).click()


async def sign_in(page: Page) -> None:
    """From the login page that the list of users led to."""
    await page.get_by_label("E-mail address or username").fill(ADMIN["first_admin_email"])
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator("h1", has_text="Users")).to_be_visible()


@on_sqlite
async def test_an_administrator_signs_in_keeps_somebody_out_publishes_and_mends_a_job(
    browser: Browser, live_service: Callable[..., LiveService], backend: Backend, tmp_path: Path
) -> None:
    service = live_service(**ADMIN, rate_limit_requests=200)
    dead_job(backend, tmp_path)
    async with service.client() as client:
        registered = (await client.post("/api/v1/auth/register", json=NEW_USER)).raise_for_status().json()
        headers = {"Authorization": f"Bearer {registered['access_token']}"}
        draft = {"title": "Waiting to be read", "content": "A post that somebody has to look at first."}
        post = (await client.post("/api/v1/posts", json=draft, headers=headers)).raise_for_status().json()
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        wrong = faults_of(page, console=True)

        await page.goto(f"{service.url}/admin/users/list")
        await expect(page.get_by_text("Sign in").first).to_be_visible()
        await keep(page, "admin-login")
        await sign_in(page)

        await page.get_by_label("Search in list").fill(NEW_USER["email"])
        await page.keyboard.press("Enter")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await choose(page, NEW_USER["email"], "Deactivate")
        await expect(page.locator("#modal-action")).to_contain_text("signed out everywhere")
        await keep(page, "admin-deactivate")
        assert (await client.get("/api/v1/auth/me", headers=headers)).status_code == 200
        await page.locator("#actionSubmit").click()
        await expect(page.locator(".alert-success")).to_contain_text("1 user deactivated.")
        assert (await client.get("/api/v1/auth/me", headers=headers)).status_code == 401

        await page.get_by_role("link", name="Posts", exact=True).click()
        await page.get_by_role("button", name="Filters").click()
        await page.get_by_label("Field").select_option("status")
        await page.locator(".filter-row-value-select").select_option("draft")
        await page.get_by_role("button", name="Apply filters").click()
        await expect(page.locator("#active-filters")).to_contain_text("Status: is draft")
        assert (await client.get(f"/api/v1/posts/{post['id']}")).status_code == 404
        await page.get_by_label("Select row").check()
        await page.get_by_role("button", name="With selected").click()
        await page.locator("#actions-dropdown").get_by_text("Publish").click()
        await expect(page.locator(".alert-success")).to_contain_text("1 post published.")
        assert (await client.get(f"/api/v1/posts/{post['id']}")).status_code == 200

        await page.get_by_role("link", name="Jobs").click()
        await keep(page, "admin-jobs")
        await choose(page, "no such host", "Run again")
        await expect(page.locator(".alert-success")).to_contain_text("1 job to run again.")
        await expect(page.locator("tbody tr", has_text="no such host")).to_contain_text("pending")

        await page.get_by_role("link", name="Audit trail").click()
        await expect(page.locator("tbody tr")).to_have_count(3)
        await expect(page.locator("tbody")).to_contain_text("is_active: yes → no")
        await keep(page, "admin-trail")
        await page.emulate_media(color_scheme="dark")
        await expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")

        await page.get_by_label("Open user menu").last.click()
        await page.get_by_role("button", name="Logout").last.click()
        await expect(page.get_by_text("Sign in").first).to_be_visible()
        await page.goto(f"{service.url}/admin/users/list")
        await expect(page.get_by_text("Sign in").first).to_be_visible()
        assert wrong == []
