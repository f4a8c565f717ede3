"""What endpoints ask for, as `Annotated` aliases."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Request
from fastapi.openapi.models import OAuthFlowPassword, OAuthFlows
from fastapi.security import OAuth2
from pydantic.json_schema import SkipJsonSchema
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.context import request_context
from app.core.errors import Forbidden, Unauthorized
from app.core.fastread import Reader
from app.core.openapi import OPTIONAL_SCHEME, SCHEME
from app.core.principal import Principal
from app.core.resources import Resources
from app.core.tokens import InvalidToken
from app.services.session_service import Device

NOT_SIGNED_IN = "Sign in first: send `Authorization: Bearer <access token>`."
NOT_VALID = "This access token is not valid, or no longer: sign in again or refresh it."


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


async def get_device(request: Request) -> Device:
    context = request_context.get()
    agent = "".join(filter(str.isprintable, request.headers.get("user-agent", "")))[:255]
    return Device(ip_address=context.client[:45] if context else None, user_agent=agent or None)


DeviceDep = Annotated[Device, Depends(get_device)]

_VISIBLE_ASCII = r"^[\x21-\x7e]+$"

# A header may be missing, but a header that says "null" is no missing one: the document must not offer null.
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


class BearerAuth(OAuth2):
    """Access token → :class:`Principal`. `required=False` lets the anonymous through as None, never a bad token."""

    def __init__(self, *, required: bool) -> None:
        flows = OAuthFlows(
            password=cast(OAuthFlowPassword, {"tokenUrl": "/api/v1/auth/login", "scopes": cast(Any, {})})
        )
        super().__init__(flows=flows, scheme_name=SCHEME if required else OPTIONAL_SCHEME, auto_error=required)

    async def __call__(self, request: Request) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] # HTTP only
        header = request.headers.get("authorization")
        if header is None:
            if self.auto_error:
                raise Unauthorized(NOT_SIGNED_IN)
            return None
        return await authenticate(resources_of(request), header)


async def authenticate(resources: Resources, authorization: str) -> Principal:
    """The caller named by an Authorization header. Raises Unauthorized."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized(NOT_SIGNED_IN)
    try:
        claims = resources.signer.verify_access(token.strip())
    except InvalidToken:
        raise Unauthorized(NOT_VALID, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}) from None
    principal = await resources.principals.get(claims.user_id, claims.session_id)
    if principal is None:
        raise Unauthorized(NOT_VALID, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    if (context := request_context.get()) is not None:
        context.user_id = principal.user_id
    return principal


CurrentUser = Annotated[Principal, Depends(BearerAuth(required=True))]
OptionalUser = Annotated[Principal | None, Depends(BearerAuth(required=False))]


async def get_admin(user: CurrentUser) -> Principal:
    if not user.is_admin:
        raise Forbidden("Only administrators may do this.")
    return user


AdminUser = Annotated[Principal, Depends(get_admin)]
