"""Access to the admin site: only administrators pass, and everybody else sees the login page and its files.

One pure ASGI layer in place of the library's three (flash messages, CSRF, authentication), which are made of
BaseHTTPMiddleware. On every request it asks whether the session is live, where the API asks (app.auth.principal): an
administrator who is deactivated, demoted or signed out everywhere is out with the next click.
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_admin.auth import AdminUser

from app.admin.cookies import IDLE_SECONDS, SiteCookies
from app.admin.policy import ADMIN, admin_policy
from app.auth.principal import Principal, PrincipalCache
from app.http.context import request_context
from app.http.cookies import Header
from app.http.errors import Forbidden, problem_for
from app.resources import Resources
from app.security.csrf import SAFE_METHODS, CsrfGuard

log = structlog.get_logger(__name__)

LOGIN, SECOND_FACTOR = "/login", "/login/second-factor"
STATIC = "/static/"
RENEWED_AFTER_SECONDS = 300
STALE_FORM = "This page has been open for too long, or was not ours: load it again and repeat what you did."
SIGNED_OUT = "You are signed out: load the page again and sign in."
_STATIC_CACHE = (b"cache-control", b"public, max-age=3600")
_NO_STORE = (b"cache-control", b"no-store")

ErrorPage = Callable[[Request, int, str], Awaitable[Response]]


@dataclass(slots=True)
class Visit:
    """What the pages may know of the request being served: ``request.state.visit``."""

    cookies: SiteCookies
    principal: Principal | None
    binding: UUID
    """What the CSRF token belongs to: the session, or before it the visitor."""
    csrf_token: str
    nonce: str
    new_cookies: list[Header]


class AccessMiddleware:
    """``error_page`` makes the answer to a request that failed."""

    def __init__(self, app: ASGIApp, *, resources: Resources, guard: CsrfGuard, error_page: ErrorPage) -> None:
        self.app = app
        self._resources = resources
        self._guard = guard
        self._error_page = error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self._serve(scope, receive, send)
        finally:
            _name_route(scope)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path.startswith(STATIC) and scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, _adding(send, _caching))
            return
        visit = await self._visit(scope)
        state = _state(scope, visit)
        send = _adding(send, lambda _status: [_NO_STORE, *visit.new_cookies, *_flash(visit, state)])
        request = Request(scope, receive)
        refusal = _to_login(request, path) if visit.principal is None and path not in (LOGIN, SECOND_FACTOR) else None
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._admit(request, send)

    async def _visit(self, scope: Scope) -> Visit:
        headers = dict(scope["headers"])
        secure = scope["scheme"] == "https" or self._resources.settings.is_production
        cookies = SiteCookies(self._resources.signer, headers, path=scope.get("root_path", ""), secure=secure)
        visit = Visit(cookies, None, uuid4(), "", _nonce(), [])
        claims = cookies.claims()
        if claims is not None:
            principal = await self._resources.get(PrincipalCache).get(claims.user_id, claims.session_id)
            if principal is not None and principal.is_admin:
                visit.principal, visit.binding = principal, principal.session_id
                if claims.expires_at - time.time() < IDLE_SECONDS - RENEWED_AFTER_SECONDS:
                    visit.new_cookies.append(
                        cookies.session(user_id=principal.user_id, session_id=principal.session_id)
                    )
        if visit.principal is None:
            visitor = cookies.visitor()
            if visitor is None:
                visit.new_cookies.append(cookies.new_visitor(visit.binding))
            else:
                visit.binding = visitor
        visit.csrf_token = self._guard.token(visit.binding)
        if visit.principal is not None and not cookies.has_csrf(visit.csrf_token):
            visit.new_cookies.append(cookies.csrf(visit.csrf_token))
        return visit

    async def _admit(self, request: Request, send: Send) -> None:
        """Let the request in unless another site sent it; whatever goes wrong inside is answered with a page."""
        receive = request.receive
        try:
            if request.method not in SAFE_METHODS:
                receive = await self._require_own_page(request)
            await self.app(request.scope, receive, send)
        except ClientDisconnect:
            return
        except Exception as exc:
            context = request_context.get()
            if context is not None and context.status:
                raise
            problem = problem_for(exc)
            if problem.status == 500:
                log.exception("admin.failed", path=request.url.path)
            answer = await self._refuse(request, problem.status, problem.detail)
            await answer(request.scope, receive, send)

    async def _refuse(self, request: Request, status: int, detail: str) -> Response:
        if "/_api/" in request.url.path:  # a script waits for the answer; the library's shows the text of a 400
            return JSONResponse({"msg": detail}, status_code=status if status >= 500 else 400)
        return await self._error_page(request, status, detail)

    async def _require_own_page(self, request: Request) -> Receive:
        """Raise Forbidden unless a page of ours sent this: by what the browser says, and by the page's token.

        Returns the body again, since a form's token is in it.
        """
        visit: Visit = request.state.visit
        if self._guard.is_own(visit.cookies.headers, https=request.url.scheme == "https") is False:
            raise Forbidden("This was sent by a page of another site.", slug="cross-site-request")
        given = request.headers.get("x-csrftoken")
        receive = request.receive
        if given is None:
            body = await request.body()
            form = await Request(request.scope, _again(body, receive)).form()
            given = str(form.get("csrftoken") or "")
            receive = _again(body, receive)
        if not self._guard.is_token(given, visit.binding):
            raise Forbidden(STALE_FORM, slug="cross-site-request")
        return receive


def _name_route(scope: Scope) -> None:
    """For metrics: the template that matched within the site, or the site."""
    context = request_context.get()
    if context is not None:
        route = scope.get("route")
        context.route = ADMIN if route is None else f"{ADMIN}{route.path}"


def _nonce() -> str:
    """Let the inline scripts of this page run, and no others: the header says the same as the page.

    The site's pages are told where a request of their own comes from: with ``no-referrer`` a browser that knows no
    Fetch Metadata would send ``Origin: null`` with a form.
    """
    nonce = secrets.token_urlsafe(16)
    context = request_context.get()
    if context is not None:
        own = {b"content-security-policy": admin_policy(nonce).encode(), b"referrer-policy": b"same-origin"}
        kept = [header for header in context.answer_headers if header[0] not in own]
        context.answer_headers[:] = [*kept, *own.items()]
    return nonce


def _state(scope: Scope, visit: Visit) -> dict[str, Any]:
    """What the library's templates and helpers look for in ``request.state``."""
    state: dict[str, Any] = {
        **scope.get("state", {}),
        "visit": visit,
        "csrf_token": visit.csrf_token,
        "is_anonymous": visit.principal is None,
        "admin_flash_cookie": visit.cookies,
        "admin_flash_pending": [],
        "admin_flash_consumed": False,
    }
    if visit.principal is not None:
        state["admin_user"] = AdminUser(username=visit.principal.email)
        if (context := request_context.get()) is not None:
            context.user_id = visit.principal.user_id
    scope["state"] = state
    return state


def _flash(visit: Visit, state: dict[str, Any]) -> list[Header]:
    if state["admin_flash_pending"]:
        return [visit.cookies.flash(state["admin_flash_pending"])]
    return [visit.cookies.no_flash()] if state["admin_flash_consumed"] and _had_flash(visit) else []


def _had_flash(visit: Visit) -> bool:
    return b"starlette_admin_flash=" in visit.cookies.headers.get(b"cookie", b"")


def _to_login(request: Request, path: str) -> Response:
    if "/_api/" in path:
        return JSONResponse({"msg": SIGNED_OUT}, status_code=401 if request.method in SAFE_METHODS else 400)
    root = request.scope.get("root_path", "")
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = {"next": f"{root}{path}{query}"} if request.method in SAFE_METHODS and path not in ("", "/") else {}
    target = f"{root}{LOGIN}?{urlencode(wanted)}" if wanted else f"{root}{LOGIN}"
    return RedirectResponse(target, status_code=303)


def _caching(status: int) -> list[Header]:
    """A file may be cached; a 404 may not."""
    return [_STATIC_CACHE] if status < 400 else []


def _adding(send: Send, headers: Callable[[int], list[Header]]) -> Send:
    """``send`` that adds the headers made for the answer's status."""

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers(message["status"])]
        await send(message)

    return add


def _again(body: bytes, receive: Receive) -> Receive:
    """``receive`` from the beginning, when the body has been read already."""
    sent = False

    async def receive_again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
