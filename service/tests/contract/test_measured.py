"""Every request is measured under the whole template of its path, on every FastAPI that is claimed."""

import re

import httpx2
from fastapi import FastAPI

from tests.backends import on_sqlite


@on_sqlite
async def test_requests_are_measured_by_the_templates_of_the_openapi_document(app: FastAPI, client: httpx2.AsyncClient):
    templates: set[str] = set()
    for path, operations in app.openapi()["paths"].items():
        if "get" in operations:
            for _ in range(2):  # the second time perhaps from the cache
                await client.get(re.sub(r"\{\w+\}", "7", path), follow_redirects=False)
            templates.add(path)
    await client.get("/nowhere/7")
    text = (await client.get("/metrics")).text
    measured = set(re.findall(r'http_request_duration_seconds_count\{[^}]*route="([^"]*)"', text))
    assert measured == templates | {"unmatched"}
