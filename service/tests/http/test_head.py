"""HEAD wherever there is GET: the same status and headers, and no body (RFC 9110 §9.3.2)."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from tests.api_table import Operation, operations
from tests.backends import on_sqlite
from tests.factories import Accounts
from tests.samples import sample

pytestmark = on_sqlite

CHANGING = {"x-request-id", "date", "location"}  # where a provider is, is not asked here
GROWING = {"/metrics"}  # every request is in the next answer


async def test_every_get_answers_a_head_alike(app: FastAPI, client: httpx2.AsyncClient, accounts: Accounts):
    user = await accounts.user()
    tried = [operation for operation in operations(app) if operation.method == "GET"]
    for operation in tried:
        path = _filled(operation, {"user_id": user.id})
        for headers in ({}, user.headers, {**user.headers, "Accept-Encoding": "identity"}):
            got = await client.get(path, headers=headers)
            head = await client.head(path, headers=headers)
            assert (head.status_code, head.content) == (got.status_code, b""), path
            changing = CHANGING | ({"content-length"} if operation.path in GROWING else set())
            assert _but(head, changing) == _but(got, changing), path
    assert len(tried) > 10


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/v1/docs", "/api/v1/docs/assets/favicon.png"])
async def test_whatever_is_no_operation_answers_a_head_alike(client: httpx2.AsyncClient, path: str):
    got, head = await client.get(path), await client.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert _but(head, CHANGING) == _but(got, CHANGING)


async def test_a_refusal_of_a_head_has_no_body(app: FastAPI):
    @app.get("/boom")
    async def boom() -> None:
        raise RuntimeError("a bug")

    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.head("/boom")
    assert (answer.status_code, answer.content) == (500, b"")
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["content-length"]) > 0


async def test_a_head_is_for_nothing_that_only_changes_things(client: httpx2.AsyncClient):
    answer = await client.head("/api/v1/auth/login")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


async def test_a_head_is_measured_as_one(client: httpx2.AsyncClient):
    await client.head("/health")
    text = (await client.get("/metrics")).text
    assert 'http_request_duration_seconds_count{method="HEAD",route="/health",status="200"} 1.0' in text


def _filled(operation: Operation, ids: dict[str, Any]) -> str:
    path = operation.path
    for parameter in operation.parameters:
        if parameter["in"] == "path":
            value = ids.get(parameter["name"], sample(operation, parameter["schema"], parameter["name"]))
            path = path.replace(f"{{{parameter['name']}}}", str(value))
    return path


def _but(answer: httpx2.Response, names: set[str]) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in names}
