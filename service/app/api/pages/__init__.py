"""The pages that mails link to: confirm an address, ask for a new password, set it.

The token is in the fragment of the link, which no browser sends to a server: it reaches no log and no Referer. A page
asks for a click before it uses the token, since mail scanners open links.
"""

from html import escape
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
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


def _serve(app: FastAPI, path: str, page: str) -> None:
    async def show(_request: Request) -> Response:
        return HTMLResponse(page, headers={"Cache-Control": "no-cache", "Referrer-Policy": "no-referrer"})

    app.add_route(path, show, include_in_schema=False)
