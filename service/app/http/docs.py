"""The documentation pages, served whole by the application: they work with the network cut.

The viewers' files come from fastapi-offline. The pages hold no inline script, so their policy allows none, and every
address in them is relative, so they work behind any path prefix.
"""

from collections.abc import Awaitable, Callable
from html import escape

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from app.config import Settings

DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

_SWAGGER = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="docs/assets/favicon.png">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

_REDOC = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="docs/assets/favicon.png">
<style>body {{ margin: 0 }}</style>
</head>
<body>
<redoc spec-url="openapi.json"></redoc>
<script src="docs/assets/redoc.standalone.js"></script>
</body>
</html>
"""

_SWAGGER_OPTIONS = {
    "url": "openapi.json",
    "dom_id": "#swagger-ui",
    "deepLinking": True,
    "persistAuthorization": False,  # a token must not outlive the tab
    "displayRequestDuration": True,
    "tryItOutEnabled": True,
    "validatorUrl": None,
}


def install_docs(app: FastAPI, settings: Settings) -> None:
    """Serve ``<api>/docs`` and ``<api>/redoc``, and lead ``/docs``, ``/redoc`` and ``/openapi.json`` there."""
    if not settings.docs_enabled:
        return
    api = settings.api_v1_str
    title = escape(settings.project_name)
    start = f"SwaggerUIBundle({orjson.dumps(_SWAGGER_OPTIONS).decode()});\n"

    async def swagger(_request: Request) -> Response:
        return HTMLResponse(_SWAGGER.format(title=f"{title}: try it"))

    async def swagger_start(_request: Request) -> Response:
        return Response(start, media_type="text/javascript")

    async def redoc(_request: Request) -> Response:
        return HTMLResponse(_REDOC.format(title=f"{title}: reference"))

    app.add_route(f"{api}/docs", swagger, include_in_schema=False)
    app.add_route(f"{api}/docs/start.js", swagger_start, include_in_schema=False)
    app.add_route(f"{api}/redoc", redoc, include_in_schema=False)
    app.mount(f"{api}/docs/assets", StaticFiles(packages=[("fastapi_offline", "static")]), name="docs-assets")
    for name in ("docs", "redoc", "openapi.json"):
        app.add_route(f"/{name}", _leading_to(f"{api}/{name}"), include_in_schema=False)


def _leading_to(path: str) -> Callable[[Request], Awaitable[Response]]:
    async def redirect(request: Request) -> Response:
        return RedirectResponse(request.scope.get("root_path", "") + path)

    return redirect
