"""Signing a browser in by cookie: the tokens go where no script can read them (OWASP ASVS 5.0, 3.3)."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query, Request, Response

from app.api.dependencies import cookie_names, request_headers, resources_of
from app.api.responses import NO_STORE, json_response
from app.auth.service import BAD_REFRESH_TOKEN
from app.auth.sessions import Tokens
from app.http.context import request_context
from app.http.cookies import Header, read_cookie, set_cookie
from app.http.errors import Forbidden, Unauthorized
from app.security.tokens import InvalidToken

NO_REFRESH_TOKEN = "Send the refresh token: in the body, or as the cookie that signing in with cookies=true has set."  # noqa: S105  # a message

WantsCookies = Annotated[
    bool,
    Query(
        alias="cookies",
        description="For browsers: tokens in HttpOnly cookies instead of the body, for pages of this site alone.",
    ),
]


def require_own_page(request: Request) -> None:
    """Call it before cookies are set: another site could sign a browser in to an account of its own (login CSRF).

    Raises Forbidden.
    """
    resources = resources_of(request)
    try:
        resources.csrf.require_own_page(request_headers(), https=cookie_names(request).secure)
    except Forbidden:
        resources.metrics.login_failed("cross_site")
        raise


def answer_tokens(
    request: Request, tokens: Tokens, *, as_cookies: bool, also: Mapping[str, Any] | None = None
) -> Response:
    """The answer to a sign-in: in the body (RFC 6749 §5.1) or as cookies, with ``also`` as further members."""
    if not as_cookies:
        return json_response({**(also or {}), **token_pair(tokens)}, headers=NO_STORE)
    content = {**(also or {}), "expires_in": tokens.expires_in, "csrf_token": tokens.csrf}
    return set_session_cookies(request, json_response(content, headers=NO_STORE), tokens)


def token_pair(tokens: Tokens) -> dict[str, object]:
    return {
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
        "token_type": "bearer",
        "expires_in": tokens.expires_in,
    }


def set_session_cookies(request: Request, response: Response, tokens: Tokens) -> Response:
    """Add the cookies of a session to an answer."""
    response.raw_headers += _session_cookies(request, access=tokens.access, refresh=tokens.refresh, csrf=tokens.csrf)
    return response


def remove_session_cookies(request: Request) -> None:
    """Have the browser forget them, whatever this request is answered."""
    if (context := request_context.get()) is not None and b"cookie" in context.headers:
        context.answer_headers += _session_cookies(request)


def refresh_cookie(request: Request) -> str:
    """The refresh token that came as a cookie, from one of our own pages. Raises Unauthorized, Forbidden.

    Its cookie is for one path and so cannot be a `__Host-` one: a page on a subdomain could plant another session's.
    The CSRF cookie cannot be planted, and both must be of one session.
    """
    resources, headers, names = resources_of(request), request_headers(), cookie_names(request)
    token = read_cookie(headers, names.refresh)
    if token is None:
        raise Unauthorized(NO_REFRESH_TOKEN)
    try:
        session_id = resources.signer.verify(token, typ="refresh").session_id
    except InvalidToken:
        raise Unauthorized(BAD_REFRESH_TOKEN) from None
    resources.csrf.require_own_page(headers, https=names.secure, session_id=session_id)
    if not resources.csrf.is_token(read_cookie(headers, names.csrf), session_id):
        raise Unauthorized(BAD_REFRESH_TOKEN)
    return token


def _session_cookies(request: Request, *, access: str = "", refresh: str = "", csrf: str = "") -> list[Header]:
    """All of them live as long as the refresh token: the access token inside one ends sooner, and is then answered 401,
    as it is to those who send it themselves. If the cookie were gone by then, the request would silently be anonymous.
    """
    settings, names = resources_of(request).settings, cookie_names(request)
    max_age = settings.refresh_token_expire_days * 86_400
    refresh_path = f"{settings.api_path}/auth/refresh"
    return [
        set_cookie(name, value, path=path, max_age=max_age if value else 0, http_only=hidden, secure=names.secure)
        for name, value, path, hidden in (
            (names.access, access, names.path, True),
            (names.refresh, refresh, refresh_path, True),
            (names.csrf, csrf, names.path, False),
        )
    ]
