"""The documentation pages, served whole by the application: they work with the network cut.

The viewers' files come from fastapi-offline. The pages hold no inline script, so their policy allows none, and every
address in them is relative, so they work behind any path prefix. Light or dark, as the reader's system says.
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from html import escape
from importlib.resources import files

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
<style>
body {{ margin: 0 }}
@media (prefers-color-scheme: dark) {{ /* what the viewer's theme does not reach */
#redoc h5, #redoc h5 * {{ color: #b4bac4 !important; border-color: #3c424d !important }}
#redoc tr, #redoc td {{ border-color: #2c313a !important }}
#redoc .react-tabs__tab--selected:not(.tab-success, .tab-error) {{ color: #1d2027 !important }}
}}
</style>
</head>
<body>
<div id="redoc"></div>
<script src="docs/redoc.js"></script>
<script src="docs/redoc-start.js"></script>
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


_DARK = 'window.matchMedia("(prefers-color-scheme: dark)")'
_SWAGGER_START = f"""\
const dark = {_DARK};
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({orjson.dumps(_SWAGGER_OPTIONS).decode()});
"""

_REDOC_DARK = {
    "colors": {
        "primary": {"main": "#8ab4f8"},
        "text": {"primary": "#e3e6eb", "secondary": "#b4bac4"},
        "border": {"dark": "#3c424d", "light": "#2c313a"},
        "http": {"get": "#3f8f54", "post": "#3577c8", "put": "#8a6bd1", "delete": "#c8504b", "patch": "#b9772f"},
    },
    "sidebar": {"backgroundColor": "#1d2027", "textColor": "#e3e6eb"},
    "rightPanel": {"backgroundColor": "#0f1115"},
    "schema": {"nestedBackground": "#1d2027", "linesColor": "#3c424d", "typeNameColor": "#b4bac4"},
    "typography": {"code": {"color": "#f2a6a6", "backgroundColor": "#262a32"}},
    "codeBlock": {"backgroundColor": "#0b0d10"},
}
_REDOC_START = f"""\
const dark = {_DARK};
document.body.style.background = dark.matches ? "#15171c" : "";
const options = dark.matches ? {orjson.dumps({"theme": _REDOC_DARK}).decode()} : {{}};
Redoc.init("openapi.json", options, document.getElementById("redoc"));
"""
_REDOC_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"


@lru_cache(maxsize=1)
def _redoc_bundle() -> bytes:
    """The viewer, without the picture that it would ask its maker's site for."""
    bundle = files("fastapi_offline") / "static" / "redoc.standalone.js"
    return bundle.read_bytes().replace(_REDOC_LOGO, b"data:,")


def install_docs(app: FastAPI, settings: Settings) -> None:
    """Serve ``<api>/docs`` and ``<api>/redoc``, and lead ``/docs``, ``/redoc`` and ``/openapi.json`` there."""
    if not settings.docs_enabled:
        return
    api = settings.api_v1_str
    title = escape(settings.project_name)

    async def swagger(_request: Request) -> Response:
        return HTMLResponse(_SWAGGER.format(title=f"{title}: try it"))

    async def redoc(_request: Request) -> Response:
        return HTMLResponse(_REDOC.format(title=f"{title}: reference"))

    app.add_route(f"{api}/docs", swagger, include_in_schema=False)
    app.add_route(f"{api}/redoc", redoc, include_in_schema=False)
    scripts = {"start": lambda: _SWAGGER_START, "redoc-start": lambda: _REDOC_START, "redoc": _redoc_bundle}
    for name, content in scripts.items():
        app.add_route(f"{api}/docs/{name}.js", _script(content), include_in_schema=False)
    app.mount(f"{api}/docs/assets", StaticFiles(packages=[("fastapi_offline", "static")]), name="docs-assets")
    for name in ("docs", "redoc", "openapi.json"):
        app.add_route(f"/{name}", _leading_to(f"{api}/{name}"), include_in_schema=False)


def _script(content: Callable[[], str | bytes]) -> Callable[[Request], Awaitable[Response]]:
    async def script(_request: Request) -> Response:
        return Response(content(), media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})

    return script


def _leading_to(path: str) -> Callable[[Request], Awaitable[Response]]:
    async def redirect(request: Request) -> Response:
        return RedirectResponse(request.scope.get("root_path", "") + path)

    return redirect
