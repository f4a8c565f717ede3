"""Making an account, and answering who asks again whether it was made."""

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import service as auth_service
from app.auth import sessions
from app.auth.profiles import Profile
from app.auth.sessions import Device, Tokens
from app.database.engine import commit
from app.database.query import CompiledQuery
from app.http.errors import Conflict, Unauthorized
from app.models import Role, Session
from app.resources import Resources
from app.schemas.auth import Registration
from app.security.tokens import InvalidToken, token_hash

_UNUSED = CompiledQuery(
    bool,
    select(Session.revoked_at.is_(None)).where(
        Session.id == bindparam("session_id"), Session.refresh_hash == bindparam("refresh_hash")
    ),
)


async def register(
    session: AsyncSession,
    registration: Registration,
    *,
    hashed_password: str,
    device: Device,
    resources: Resources,
) -> tuple[Profile, Tokens]:
    """Make an account and sign it in. Raises BadRequest when e-mail or username is taken."""
    values = registration.model_dump(exclude={"password"})
    profile = await auth_service.insert_user(session, hashed_password=hashed_password, role=Role.USER, **values)
    await auth_service.send_verification(session, user_id=profile.id, email=profile.email, resources=resources)
    return profile, sessions.open_session(session, user_id=profile.id, device=device, resources=resources)


async def tokens_again(
    session: AsyncSession, first: Tokens, registration: Registration, *, device: Device, resources: Resources
) -> Tokens:
    """The tokens for who repeats a registration: those of its first answer while nobody has used them, else new ones.

    Using a refresh token twice would end its session, so one that was exchanged is not handed out again; who repeats
    the registration has shown the password again. Raises Conflict where that signs in to the account no more.
    """
    if await _is_unused(first.refresh, resources=resources):
        return first
    await commit(session)  # signing in writes in a transaction of its own
    try:
        return await auth_service.log_in(registration.email, registration.password, device=device, resources=resources)
    except Unauthorized:
        detail = "This account was registered under this Idempotency-Key and has changed since: sign in."
        raise Conflict(detail, slug="idempotency-gone") from None


async def _is_unused(refresh_token: str, *, resources: Resources) -> bool:
    try:
        session_id = resources.signer.verify(refresh_token, typ="refresh").session_id
    except InvalidToken:  # too old, or its key is retired
        return False
    reader, digest = resources.database.reader, token_hash(refresh_token)
    return await reader.first(_UNUSED, session_id=session_id, refresh_hash=digest) is True
