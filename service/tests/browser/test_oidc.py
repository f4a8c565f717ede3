"""Signing in with a provider of another site, as a browser with its own idea of cookies does it."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser

from tests.auth.oidc.conftest import CALLBACK, LOGIN, PASSWORD, Provider
from tests.auth.oidc.provider import CLIENT_ID, CLIENT_SECRET
from tests.backends import Backend, on_sqlite
from tests.conftest import SECRET_KEY
from tests.live import LiveService

HOST = "service.test"  # another site than the provider's 127.0.0.1; tests/browser/conftest.py sends Chromium here


@on_sqlite
async def test_a_browser_comes_back_from_another_site_signed_in(
    browser: Browser, backend: Backend, tmp_path: Path
) -> None:
    service = LiveService(backend, data_dir=tmp_path, workers=1, secret_key=SECRET_KEY, environment={})
    url = f"http://{HOST}:{service.port}"
    provider = Provider(redirect_uri=f"{url}{CALLBACK}")
    acme = {"issuer": provider.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    service.environment |= {"PUBLIC_URL": url, "OIDC_PROVIDERS": json.dumps({"acme": acme})}
    try:
        provider.start()
        service.start()
        page = await browser.new_page()
        await page.goto(f"{url}{LOGIN}?return_to=/forgot-password")
        assert urlsplit(page.url).hostname == "127.0.0.1", "at the provider"
        await page.fill("input[name=username]", "ada")
        await page.fill("input[name=password]", PASSWORD)
        await page.click("button")
        await page.wait_for_url(f"{url}/forgot-password")
        me = await page.evaluate("fetch('/api/v1/auth/me').then(answer => answer.json())")
        assert me["email"] == "ada@example.org"
        readable = await page.evaluate("document.cookie")
        assert "access" not in readable
        assert "oidc" not in readable
    finally:
        service.stop()
        provider.stop()
