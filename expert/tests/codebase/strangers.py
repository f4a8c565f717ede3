"""Applications in one file, and what they answer a request without credentials."""

import asyncio
import importlib
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Message
from starlette.websockets import WebSocketDisconnect

from fastapi_expert.codebase.model import Route


class Case(NamedTuple):
    """An application, what is said of each of its paths, and those of which a stranger's answer proves nothing."""

    source: str
    said: dict[str, str]
    unproven: frozenset[str] = frozenset()


def asked(root: Path, routes: Iterable[Route], *, module: str = "main") -> dict[str, int]:
    """The status that the application of `main.py` gives a request without credentials, by path; 403 for a websocket
    that it does not accept."""
    sys.path.insert(0, str(root))
    sys.modules.pop(module, None)
    try:
        client = TestClient(importlib.import_module(module).app, raise_server_exceptions=False)
        return {route.path: _status(client, route) for route in routes}
    finally:
        sys.path.remove(str(root))
        sys.modules.pop(module, None)


def _status(client: TestClient, route: Route) -> int:
    path = re.sub(r"\{\w+\}", "1", route.path)
    if not route.websocket:
        return client.request(route.method, path, follow_redirects=False).status_code
    return 101 if asyncio.run(_accepts(client.app, path)) else 403


async def _accepts(app: ASGIApp, path: str) -> bool:
    """Whether an application accepts a websocket; one whose endpoint only returns lets a test client wait for ever."""
    said: list[str] = []
    coming = iter(["websocket.connect"])

    async def receive() -> Message:
        return {"type": next(coming, "websocket.disconnect"), "code": 1000}

    async def send(message: Message) -> None:
        said.append(message["type"])

    scope = {"type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": ""}
    with suppress(WebSocketDisconnect):
        await app({**scope, "headers": [], "subprotocols": []}, receive, send)
    return "websocket.accept" in said


def refuses(status: int) -> bool:
    """Whether an answer turns a stranger away."""
    return status in (401, 403) or 300 <= status < 400
