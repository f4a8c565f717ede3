"""Imports applications and prints their route tables: ``python running.py ROOT MODULE…`` (each has an ``app``).

One line of JSON a module: a list of [method, path, endpoint, answer], or a text that says why it did not start. The
answer is what a request without credentials met: a status, or null where another route or none took the request.
"""

import asyncio
import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def rows(routes: Any, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Every route, flat, on FastAPI whose `app.routes` is a list (before 0.137) and a tree (since)."""
    try:
        from fastapi.routing import iter_route_contexts
    except ImportError:
        iter_route_contexts = None  # type: ignore[assignment]
    for context in iter_route_contexts(routes) if iter_route_contexts else routes:
        route = getattr(context, "original_route", context)
        kind = type(route).__name__
        if kind == "Mount":
            yield from rows(getattr(route.app, "routes", None) or [], prefix + context.path)
            continue
        endpoint = context.endpoint
        if context.path is None or getattr(endpoint, "__module__", "").startswith("fastapi."):
            continue
        methods = {"WEBSOCKET"} if "WebSocket" in kind else set(context.methods or ())
        if kind == "Route":
            methods.discard("HEAD")
        for method in sorted(methods):
            yield method, prefix + context.path, endpoint.__name__


async def _started(app: Any) -> list[tuple[str, str, str, int | None]]:
    """The table while the application runs: routers are included at startup too."""
    async with app.router.lifespan_context(app):
        return [(*row, await _answer(app, *row)) for row in rows(app.routes)]


async def _answer(app: Any, method: str, path: str, endpoint: str) -> int | None:
    """The status that a stranger gets of this endpoint, or of what stands before all of them."""
    if method == "WEBSOCKET":
        return None
    said: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        said.append(message.get("status", 0))

    place = re.sub(r"{\w+(:\w+)?}", "1", path)
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": place,
        "raw_path": place.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
        "state": {},
    }
    try:
        await app(scope, receive, send)
    except Exception:
        return None
    taker = scope.get("endpoint")
    return said[0] if said and (taker is None or getattr(taker, "__name__", None) == endpoint) else None


def main(root: str, modules: list[str]) -> None:
    sys.path[:0] = [root, *map(str, Path(root).glob(".venv/lib/*/site-packages"))]
    for name in modules:
        try:
            found: Any = asyncio.run(_started(importlib.import_module(name).app))
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
