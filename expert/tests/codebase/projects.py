"""Small projects on disk, and what they really serve when they run."""

import importlib
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

from shop import lay_down

from fastapi_expert.codebase import Codebase, load

Table = Counter[tuple[str, str]]


def write(root: Path, files: dict[str, str]) -> Path:
    """Write ``files`` (path → source, dedented) below ``root``."""
    root.mkdir(parents=True, exist_ok=True)
    return lay_down(root, {path: textwrap.dedent(text) for path, text in files.items()})


def read(root: Path, files: dict[str, str]) -> Codebase:
    return load(write(root, files), cache=False)


def table(codebase: Codebase) -> Table:
    """(method, path) as read from text, of what is said to be served."""
    return reached(codebase, "served")


def reached(codebase: Codebase, reach: str) -> Table:
    """(method, path) as read from text, of what is said to be reached so."""
    routes = [served.route for served in codebase.served]
    return Counter((route.method, route.path) for route in routes if route.reach == reach)


def running_table(root: Path, where: str) -> Table:
    """(method, path) of the application imported from ``root`` and walked, as FastAPI itself has it."""
    name, _, attribute = where.partition(":")
    before = set(sys.modules)
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        app = getattr(importlib.import_module(name), attribute)
        return Counter(_walk((app if hasattr(app, "routes") else app()).routes))
    finally:
        sys.path.remove(str(root))
        for module in set(sys.modules) - before:
            if str(root) in (getattr(sys.modules[module], "__file__", None) or ""):
                del sys.modules[module]


def _walk(routes: Any, prefix: str = "") -> Any:
    from fastapi.routing import iter_route_contexts

    for context in iter_route_contexts(routes):
        kind = type(context.original_route).__name__
        if kind in ("Mount", "Host"):
            below = prefix + (context.path or "") if kind == "Mount" else prefix
            yield from _walk(getattr(context.original_route.app, "routes", None) or [], below)
            continue
        module = getattr(context.endpoint, "__module__", "")
        if context.path is None or module.startswith("fastapi."):
            continue
        methods = {"WEBSOCKET"} if "WebSocket" in kind else set(context.methods or ())
        if kind == "Route" and "GET" in methods:
            methods.discard("HEAD")
        for method in methods:
            yield method, prefix + context.path
