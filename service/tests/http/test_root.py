"""GET /, and what every answer carries."""

import httpx2
import pytest

from tests.backends import on_sqlite
from tests.conftest import served, settings_for
from tests.factories import Accounts

PRODUCTION = {
    "environment": "production",
    "allowed_hosts": "localhost",
    "public_url": "https://localhost",
    "secret_key": "9f2c61d0a4b87e35f6180c2d9be4731a5d0c8f27e6b19430",
    "run_jobs": False,
}


@on_sqlite
async def test_a_person_who_opens_the_address_finds_the_way(client: httpx2.AsyncClient):
    page = await client.get("/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for path in ("docs", "redoc", "admin", "health/ready"):
        assert f'href="{path}"' in page.text
        assert (await client.get(f"/{path}", follow_redirects=True)).status_code == 200, path
    told = await client.get("/")
    assert told.json() == {"name": "Publishing Service", "version": "0.1.0", "docs": "/api/v1/docs"}


@on_sqlite
async def test_in_production_it_is_a_small_json_even_for_browsers(backend, tmp_path):
    async with served(settings_for(backend, data_dir=tmp_path, **PRODUCTION)) as client:
        told = await client.get("/", headers={"Accept": "text/html"})
        assert told.json() == {"name": "Publishing Service", "version": "0.1.0", "docs": None}


@on_sqlite
@pytest.mark.parametrize("path", ["/", "/health", "/nothing", "/api/v1/posts", "/api/v1/auth/me", "/docs", "/admin"])
async def test_every_answer_switches_off_what_a_page_could_ask_of_the_device(client: httpx2.AsyncClient, path: str):
    assert "camera=()" in (await client.get(path)).headers["permissions-policy"]


@on_sqlite
async def test_traces_go_on_across_origins(backend, tmp_path):
    async with served(settings_for(backend, data_dir=tmp_path, allowed_origins="https://app.example.org")) as client:
        for name in ("traceparent", "tracestate", "baggage"):
            asked = {
                "Origin": "https://app.example.org",
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": name,
            }
            assert (await client.options("/api/v1/posts", headers=asked)).status_code == 200, name


@on_sqlite
@pytest.mark.parametrize(("trusted", "said"), [("", 1), ("192.0.2.1", 1), ("127.0.0.1", 0)])
async def test_a_stranger_who_forwards_for_others_is_named_once(backend, tmp_path, capsys, trusted: str, said: int):
    async with served(settings_for(backend, data_dir=tmp_path, trusted_proxies=trusted)) as client:
        await client.get("/health")
        for _ in range(3):
            await client.get("/health", headers={"X-Forwarded-For": "203.0.113.9"})
    assert capsys.readouterr().out.count("forwarded_by_a_stranger") == said


@on_sqlite
async def test_cookies_in_several_lines_are_one_list(client: httpx2.AsyncClient, accounts: Accounts):
    user = await accounts.user()
    form = {"username": user.email, "password": user.password}
    own_page = {"Sec-Fetch-Site": "same-origin"}
    signed_in = await client.post("/api/v1/auth/login", params={"cookies": "true"}, data=form, headers=own_page)
    assert signed_in.status_code == 200
    pairs = [f"{name}={value}" for name, value in client.cookies.items()]
    client.cookies.clear()
    lines = [("Cookie", pair) for pair in [*pairs, "theme=dark"]]
    assert (await client.get("/api/v1/auth/me", headers=lines)).status_code == 200
