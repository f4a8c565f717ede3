"""The page at ``/``, and those that mails link to: confirm an address, ask for a new password, set it.

The token is in the fragment of the link, which no browser sends to a server: it reaches no log and no Referer. A page
asks for a click before it uses the token, since mail scanners open links.
"""

from html import escape
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

from app.config import Settings

_HERE = Path(__file__).parent
_FILES = "/pages"

MAIL_PAGES = ("/verify-email", "/forgot-password", "/reset-password")
MAIL_PAGES_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def install_pages(app: FastAPI, settings: Settings) -> None:
    """Serve :data:`MAIL_PAGES` and their files."""
    layout = (_HERE / "layout.html").read_text(encoding="utf-8")
    values = {"{{project}}": escape(settings.project_name), "{{api}}": escape(settings.api_v1_str)}
    for path in MAIL_PAGES:
        page = layout.replace("{{page}}", path.removeprefix("/"))
        for blank, value in values.items():
            page = page.replace(blank, value)
        _serve(app, path, page)
    app.mount(_FILES, StaticFiles(directory=_HERE / "static"), name="pages")


def install_root(app: FastAPI, settings: Settings) -> None:
    """Answer ``/``: what runs here, as a page for people while it is developed, as JSON otherwise.

    The page has no script and no style, so the strictest policy fits it.
    """
    links = [("admin", "Administration: sign in as the administrator that was printed at the first start")]
    if settings.docs_enabled:
        links.insert(0, ("docs", "Documentation: try every request; Authorize signs in"))
        links.insert(1, ("redoc", "Reference"))
    links.append(("health/ready", "Health: the state of every server behind it"))
    name, version = escape(settings.project_name), escape(settings.version)
    items = "".join(f'<li><a href="{path}">{text}</a></li>' for path, text in links)
    page = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>'
        f"<body><h1>{name}</h1><p>Version {version}, {settings.environment}.</p><ul>{items}</ul></body></html>"
    )
    told = {
        "name": settings.project_name,
        "version": settings.version,
        "docs": f"{settings.api_path}/docs" if settings.docs_enabled else None,
    }
    headers = {"Cache-Control": "no-cache", "Vary": "Accept"}

    async def show(request: Request) -> Response:
        if not settings.is_production and "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(page, headers=headers)
        return JSONResponse(told, headers=headers)

    app.add_route("/", show, include_in_schema=False)


def _serve(app: FastAPI, path: str, page: str) -> None:
    async def show(_request: Request) -> Response:
        return HTMLResponse(page, headers={"Cache-Control": "no-cache", "Referrer-Policy": "no-referrer"})

    app.add_route(path, show, include_in_schema=False)
