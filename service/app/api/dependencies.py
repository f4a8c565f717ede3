"""What endpoints ask for, as `Annotated` aliases."""

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Request, Security
from fastapi.openapi.models import OAuthFlowPassword, OAuthFlows
from fastapi.security import OAuth2
from pydantic.json_schema import SkipJsonSchema
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.openapi import OPTIONAL_SCHEME, SCHEME
from app.auth import api_tokens
from app.auth.principal import Principal, PrincipalCache
from app.auth.sessions import Device, current_device
from app.database.reader import Reader
from app.http.context import request_context
from app.http.cookies import read_cookie
from app.http.errors import Forbidden, Unauthorized
from app.models.api_token import DESCRIPTIONS, Scope
from app.resources import Resources
from app.security.cookies import CookieNames, carries_session, names_for
from app.security.csrf import SAFE_METHODS
from app.security.tokens import Claims, InvalidToken, token_hash

NOT_SIGNED_IN = "Sign in first: send `Authorization: Bearer <access token>`."
NOT_FOR_TOKENS = "No API token may do this: sign in."
NOT_VALID = "This access token is not valid, or no longer: sign in again or refresh it."
_INSUFFICIENT = "insufficient-scope"


def resources_of(request: Request) -> Resources:
    return cast(Resources, request.app.state.resources)


async def get_resources(request: Request) -> Resources:  # async: a plain function would cost a thread
    return resources_of(request)


ResourcesDep = Annotated[Resources, Depends(get_resources)]


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with resources_of(request).database.session() as session:
        yield session


async def get_reader(request: Request) -> Reader:
    return resources_of(request).database.reader


# scope="function": the commit is done, or has failed with an error, before the answer is sent.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
ReadDep = Annotated[Reader, Depends(get_reader)]


def request_headers() -> dict[bytes, bytes]:
    """The headers of the request being served (lower case), as the middleware found them."""
    context = request_context.get()
    return context.headers if context else {}


def asks_for_headers_only() -> bool:
    """Whether a HEAD is being served, whose answer has no body."""
    context = request_context.get()
    return context is not None and context.method == "HEAD"


async def get_device() -> Device:
    return current_device()


DeviceDep = Annotated[Device, Depends(get_device)]

_VISIBLE_ASCII = r"^[\x21-\x7e]+$"

# A header may be missing, but one that says "null" is not missing: the document must not offer null.
IdempotencyKey = Annotated[
    str | SkipJsonSchema[None],
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=_VISIBLE_ASCII,
        json_schema_extra={"pattern": _VISIBLE_ASCII},
        description="A key of your making (a UUID): repeat the request with it and get the first answer again.",
    ),
]

IfMatch = Annotated[
    str | SkipJsonSchema[None],
    Header(
        alias="If-Match",
        max_length=1024,
        json_schema_extra={"pattern": r'^(\*|(W/)?"[^"]*"( *, *(W/)?"[^"]*")*)$'},
        description="The ETag you read: 412 if it has changed since.",
    ),
]


class Authentication(OAuth2):
    """Who calls → :class:`Principal`, by a session (access token or cookie) or an API token.

    A session may do whatever its user may; an API token may do what ``scope`` names, and nothing where none is named.
    `required=False` lets the anonymous through as None, never bad credentials.
    """

    def __init__(self, scope: Scope | None, *, required: bool) -> None:
        described = {name.value: text for name, text in DESCRIPTIONS.items()}
        password = cast(OAuthFlowPassword, {"tokenUrl": "/api/v1/auth/login", "scopes": cast(Any, described)})
        name = SCHEME if required else OPTIONAL_SCHEME
        super().__init__(flows=OAuthFlows(password=password), scheme_name=name, auto_error=required)
        self.scope = scope

    async def __call__(self, request: Request) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] # HTTP only
        principal = await identify(request)
        if principal is None:
            if self.auto_error:
                raise Unauthorized(NOT_SIGNED_IN)
            return None
        if (context := request_context.get()) is not None:
            context.user_id = principal.user_id
        if principal.scopes is not None:
            require_scope(principal.scopes, self.scope)
        return principal


async def identify(request: Request) -> Principal | None:
    """The caller, by the Authorization header or a session's cookie; None without either. Raises Unauthorized."""
    headers = request_headers()
    authorization = headers.get(b"authorization")
    if authorization is not None:
        return await authenticate(resources_of(request), authorization.decode("latin-1"))
    token = session_cookie(request)
    return None if token is None else await authenticate_cookie(request, token)


def session_cookie(request: Request) -> str | None:
    """The access token in a session's cookie."""
    headers = request_headers()
    return read_cookie(headers, cookie_names(request).access) if carries_session(headers) else None


def valid_until(request: Request, user: Principal) -> float | None:
    """When the credentials of a request that was let in end, in Unix seconds; None for never."""
    if user.scopes is not None:
        return user.expires_at
    authorization = request_headers().get(b"authorization")
    token = session_cookie(request) if authorization is None else authorization.decode().partition(" ")[2].strip()
    return resources_of(request).signer.verify_access(token or "").expires_at


async def authenticate(resources: Resources, authorization: str) -> Principal:
    """The caller named by an Authorization header. Raises Unauthorized."""
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized(NOT_SIGNED_IN)
    if token.startswith(api_tokens.PREFIX):
        owner = api_tokens.owner_of(token)
        principal = await resources.get(PrincipalCache).get(owner, token_hash(token)) if owner is not None else None
        if principal is None or (principal.expires_at is not None and principal.expires_at <= time.time()):
            raise _not_valid()
        return principal
    claims = _claims(resources, token)
    principal = await resources.get(PrincipalCache).get(claims.user_id, claims.session_id)
    if principal is None:
        raise _not_valid()
    return principal


async def authenticate_cookie(request: Request, token: str) -> Principal:
    """The caller named by a session's cookie. Raises Unauthorized; Forbidden when another site wants a change."""
    resources = resources_of(request)
    claims = _claims(resources, token)
    if request.method not in SAFE_METHODS:
        https = cookie_names(request).secure
        resources.csrf.require_own_page(request_headers(), https=https, session_id=claims.session_id)
    principal = await resources.get(PrincipalCache).get(claims.user_id, claims.session_id)
    if principal is None:
        raise _not_valid()
    return principal


def require_scope(given: frozenset[Scope], needed: Scope | None) -> None:
    """Refuse an API token without the scope, or one that is used where no API token may be (RFC 6750 §3.1)."""
    if needed is None:
        challenge = 'Bearer error="insufficient_scope"'
        raise Forbidden(NOT_FOR_TOKENS, slug=_INSUFFICIENT, headers={"WWW-Authenticate": challenge})
    if needed not in given:
        challenge = f'Bearer error="insufficient_scope", scope="{needed}"'
        detail = f"This API token has not the scope {needed}: make one that has."
        raise Forbidden(detail, slug=_INSUFFICIENT, headers={"WWW-Authenticate": challenge})


def cookie_names(request: Request) -> CookieNames:
    """The names of this request's cookies: in production always the secure ones, whatever a proxy forgot to say."""
    settings = resources_of(request).settings
    return names_for(https=request.scope["scheme"] == "https" or settings.is_production, prefix=settings.prefix)


def _claims(resources: Resources, token: str) -> Claims:
    try:
        return resources.signer.verify_access(token)
    except InvalidToken:
        raise _not_valid() from None


def _not_valid() -> Unauthorized:
    return Unauthorized(NOT_VALID, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _caller(scope: Scope | None = None, *, required: bool = True) -> Any:
    return Security(Authentication(scope, required=required), scopes=[scope.value] if scope else [])


# Without a scope no API token is let in: what an endpoint forgets to think of stays closed to them.
CurrentUser = Annotated[Principal, _caller()]
ProfileReader = Annotated[Principal, _caller(Scope.PROFILE_READ)]
ProfileViewer = Annotated[Principal | None, _caller(Scope.PROFILE_READ, required=False)]
ProfileWriter = Annotated[Principal, _caller(Scope.PROFILE_WRITE)]
PostViewer = Annotated[Principal | None, _caller(Scope.POSTS_READ, required=False)]
PostWriter = Annotated[Principal, _caller(Scope.POSTS_WRITE)]


async def get_admin(user: Annotated[Principal, _caller(Scope.ADMIN)]) -> Principal:
    return _require_admin(user)


async def get_admin_session(user: CurrentUser) -> Principal:
    return _require_admin(user)


def _require_admin(user: Principal) -> Principal:
    if not user.is_admin:
        raise Forbidden("Only administrators may do this.")
    return user


AdminUser = Annotated[Principal, Depends(get_admin)]
AdminSession = Annotated[Principal, Depends(get_admin_session)]
"""No API token, not even an administrator's."""
