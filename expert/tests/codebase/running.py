"""Imports applications and prints their route tables: ``python running.py ROOT MODULE…`` (each has an ``app``).

One line of JSON a module: a list of [method, path, endpoint], or a text that says why it did not start.
"""

import asyncio
import importlib
import json
import sys
from collections.abc import Iterator
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


async def _started(app: Any) -> list[tuple[str, str, str]]:
    """The table while the application runs: routers are included at startup too."""
    async with app.router.lifespan_context(app):
        return list(rows(app.routes))


def main(root: str, modules: list[str]) -> None:
    sys.path.insert(0, root)
    for name in modules:
        try:
            found: Any = asyncio.run(_started(importlib.import_module(name).app))
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
