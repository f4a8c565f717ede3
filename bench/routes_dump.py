"""The running application's own route table, as JSON: `python routes_dump.py module:app > table.json`.

Run by the interpreter of the project under study, from its folder; old FastAPI (flat `app.routes`) and new (a live tree
since 0.137) both work. HEAD that Starlette adds to GET, mounts themselves and the documentation pages are left out.
"""

import importlib
import json
import sys

DOCUMENTATION = {"openapi", "swagger_ui_html", "swagger_ui_redirect", "redoc_html", "setup.<locals>"}


def walk(routes, prefix=""):
    for route in routes:
        kind = type(route).__name__
        if kind == "_IncludedRouter":
            from fastapi.routing import iter_route_contexts

            for context in iter_route_contexts([route]):
                yield from one(context, prefix, type(context.original_route).__name__)
        else:
            yield from one(route, prefix, kind)


def one(route, prefix, kind):
    path = getattr(route, "path", None)
    if kind in ("Mount", "Host"):
        inner = getattr(getattr(route, "original_route", route), "app", None)
        below = prefix + (path or "" if kind == "Mount" else "")
        yield from walk(getattr(inner, "routes", None) or [], below)
        return
    if path is None:
        return
    endpoint = getattr(route, "endpoint", None)
    while hasattr(endpoint, "func"):
        endpoint = endpoint.func
    qualname = getattr(endpoint, "__qualname__", type(endpoint).__qualname__)
    module = getattr(endpoint, "__module__", "")
    if module.startswith(("fastapi.applications", "fastapi.openapi", "cadwyn.applications")):
        return
    methods = getattr(route, "methods", None)
    if methods is None and "WebSocket" in kind:
        methods = {"WEBSOCKET"}
    elif methods is None:
        methods = {"GET"} if kind == "Route" else set()
    if kind == "Route" and "GET" in methods:
        methods = set(methods) - {"HEAD"}
    for method in sorted(methods):
        yield {"method": method, "path": prefix + path, "endpoint": f"{module}:{qualname}"}


def main():
    name, _, attribute = sys.argv[1].partition(":")
    sys.path.insert(0, ".")
    module = importlib.import_module(name)
    app = getattr(module, attribute or "app")
    if "--call" in sys.argv:
        app = app()
    json.dump(list(walk(app.routes)), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
