"""Logins: opened, looked up on every request, ended."""

from uuid import UUID

from sqlalchemy import bindparam, select

from app.core.clock import utcnow
from app.core.fastread import Read, Reader
from app.core.principal import Principal
from app.models import Role, Session, User
from app.services.profiles import PROFILE_COLUMNS, Profile, as_json, private_view, profile_etag

_LIVE_PROFILE = Read(
    Profile,
    select(*PROFILE_COLUMNS)
    .join(Session, Session.user_id == User.id)
    .where(
        Session.id == bindparam("session_id"),
        User.id == bindparam("user_id"),
        User.is_active,
        Session.revoked_at.is_(None),
        Session.expires_at > bindparam("now"),
    ),
)


async def load_principal(reader: Reader, *, user_id: int, session_id: UUID) -> Principal | None:
    """The user behind a session, or None when the session is over or the user deactivated."""
    profile = await reader.first(_LIVE_PROFILE, session_id=session_id, user_id=user_id, now=utcnow())
    if profile is None:
        return None
    return Principal(
        user_id=profile.id,
        session_id=session_id,
        is_admin=profile.role is Role.ADMIN,
        is_verified=profile.is_verified,
        email=profile.email,
        profile=as_json(private_view(profile)),
        etag=profile_etag(profile),
    )
