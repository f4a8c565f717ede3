"""What every answer carries, and what is refused before anything is done."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.http.proxies import TrustedProxies
from app.middleware import admission
from tests.backends import Backend, on_sqlite
from tests.conftest import served, settings_for
from tests.live import LiveService

pytestmark = on_sqlite


async def test_every_answer_has_an_id_and_keeps_a_valid_one_that_it_was_given(client: httpx2.AsyncClient):
    ids = {(await client.get("/health")).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3
    given = await client.get("/nothing", headers={"X-Request-ID": "abc-123_x.y"})
    assert given.headers["x-request-id"] == given.json()["request_id"] == "abc-123_x.y"
    for bad in ("a b", "x" * 129, "<script>", "a,b"):
        assert (await client.get("/health", headers={"X-Request-ID": bad})).headers["x-request-id"] != bad


@pytest.mark.parametrize("path", ["/health", "/api/v1/auth/oidc/providers", "/nothing", "/api/v1/docs", "/metrics"])
async def test_every_answer_carries_the_security_headers(client: httpx2.AsyncClient, path: str):
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"].partition("script-src")[2].partition(";")[0]
    assert "strict-transport-security" not in headers


async def test_hsts_is_sent_on_https_alone(app: FastAPI):
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://localhost") as client:
        assert "max-age" in (await client.get("/health")).headers["strict-transport-security"]


async def test_a_host_that_is_not_ours_is_refused_but_probes_come_by_address(backend: Backend, tmp_path: Any):
    settings = settings_for(backend, data_dir=tmp_path, allowed_hosts=["example.org", "*.example.net"])
    async with served(settings) as client:
        for host, status in (
            ("example.org", 200),
            ("EXAMPLE.org:8000", 200),
            ("a.example.net", 200),
            ("example.net", 400),
            ("evil.org", 400),
            ("example.org.evil.org", 400),
        ):
            answer = await client.get("/api/v1/auth/oidc/providers", headers={"Host": host})
            assert answer.status_code == status, host
        refused = await client.get("/api/v1/auth/oidc/providers", headers={"Host": "evil.org"})
        assert refused.headers["content-type"] == "application/problem+json"
        assert (await client.get("/health/live", headers={"Host": "10.1.2.3:8000"})).status_code == 200


async def test_allowed_origins_may_read_refusals_and_others_may_not(backend: Backend, tmp_path: Any):
    settings = settings_for(backend, data_dir=tmp_path, allowed_origins=["https://app.example.org"])
    preflight = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization, if-match"}
    async with served(settings) as client:
        allowed = await client.get("/nothing", headers={"Origin": "https://app.example.org"})
        assert allowed.headers["access-control-allow-origin"] == "https://app.example.org"
        assert "ETag" in allowed.headers["access-control-expose-headers"]
        other = await client.get("/nothing", headers={"Origin": "https://evil.org"})
        assert "access-control-allow-origin" not in other.headers
        asked = await client.options("/api/v1/users/1", headers={"Origin": "https://app.example.org", **preflight})
        assert asked.status_code == 200
        refused = await client.options("/api/v1/users/1", headers={"Origin": "https://evil.org", **preflight})
        assert refused.status_code == 400
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["instance"] == "/api/v1/users/1"


async def test_a_body_beyond_the_limit_is_refused_declared_or_not(client: httpx2.AsyncClient, settings: Settings):
    async def undeclared():
        for _ in range(40):
            yield b"x" * 100_000

    json_type = {"Content-Type": "application/json"}
    for body in (b"x" * (settings.max_body_bytes + 1), undeclared()):
        answer = await client.post("/api/v1/auth/register", content=body, headers=json_type)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


async def test_an_address_that_is_not_utf8_is_refused(client: httpx2.AsyncClient):
    for path in ("/api/v1/users/1?search=%ff", "/api/v1/auth/oidc/%ed%a0%80/login"):
        answer = await client.get(path)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 100_000, 400),
        (b'{"email":' * 50_000, 400),
        (b"{", 422),
        (b'{"email": 1' + b"0" * 5000 + b"}", 400),
        (b'{"\\ud800": "\\udfff"}', 422),
        (b'{"email": NaN}', 422),
        (b"null", 422),
        (b"", 422),
        (b"\xff\xfe", 422),
    ],
)
async def test_broken_json_is_the_senders_fault(client: httpx2.AsyncClient, body: bytes, status: int):
    answer = await client.post("/api/v1/auth/register", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    json.loads(answer.content.decode("utf-8"))


async def test_a_refused_field_is_not_echoed(client: httpx2.AsyncClient):
    body = {"email": "a@example.org", "username": "abc", "password": "hunter2-hunter2", "extra": "s3cret-value"}
    answer = await client.post("/api/v1/auth/register", json=body)
    assert answer.status_code == 422
    assert "hunter2" not in answer.text
    assert "s3cret-value" not in answer.text


async def test_a_failure_is_a_500_with_an_id_and_nothing_else(app: FastAPI, caplog: pytest.LogCaptureFixture):
    @app.get("/boom")
    async def boom() -> None:
        raise RuntimeError("SELECT secret FROM somewhere")

    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/boom")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "SELECT" not in answer.text


async def test_a_wrong_method_names_every_right_one(client: httpx2.AsyncClient):
    answer = await client.post("/api/v1/users/1")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET, HEAD, PUT"


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::1]:80", "2001:db8::1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("unix", "198.51.100.1", "198.51.100.1"),
    ],
)
def test_the_client_is_the_last_address_a_trusted_proxy_vouches_for(
    backend: Backend, peer: str, forwarded: str, client: str
):
    scope = {"scheme": "http", "headers": [(b"x-forwarded-for", forwarded.encode()), (b"x-forwarded-proto", b"https")]}
    found, scheme = TrustedProxies(["10.0.0.0/8"]).resolve(peer, scope)
    assert found == client
    assert scheme == ("http" if peer == "203.0.113.9" else "https")


async def test_a_body_that_stops_coming_is_not_waited_for_without_end(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(admission, "STALLED_SECONDS", 0.05)

    async def stalling() -> AsyncIterator[bytes]:
        yield b'{"refresh_token": '
        await asyncio.sleep(30)

    answer = await client.post("/api/v1/auth/refresh", content=stalling(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["connection"]) == (408, "close")
    assert answer.json()["title"] == "Request Timeout"


async def test_a_body_that_drips_has_a_total_time(backend: Backend, tmp_path: Path):
    async with served(settings_for(backend, data_dir=tmp_path, body_seconds=1)) as client:

        async def dripping() -> AsyncIterator[bytes]:
            yield b'{"refresh_token": "'
            for _ in range(1_000):
                yield b"x"
                await asyncio.sleep(0.05)

        sent = {"Content-Type": "application/json"}
        answer = await client.post("/api/v1/auth/refresh", content=dripping(), headers=sent)
        assert (answer.status_code, answer.headers["connection"]) == (408, "close")
        assert answer.json()["detail"] == "The body took longer than 1 seconds."


def test_a_connection_without_a_whole_request_is_closed_in_time(live_service: Callable[..., LiveService]):
    service = live_service(keep_alive_seconds=1)
    for sent in (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /health HTTP/1.1\r\nHost:", b""):
        with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
            connection.sendall(sent)
            received = b""
            while chunk := connection.recv(65_536):  # until the other side closes
                received += chunk
            assert received.startswith(b"HTTP/1.1 200 OK") == sent.endswith(b"\r\n\r\n")
