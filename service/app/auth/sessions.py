"""Sessions, one for each login: opened, looked up on every request, rotated, ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principal import Principal, PrincipalCache
from app.auth.profiles import PROFILE_COLUMNS, Profile, private_view, profile_answer
from app.config import Settings
from app.database.engine import after_commit
from app.database.query import CompiledQuery
from app.database.reader import Reader
from app.http.context import request_context
from app.http.errors import NotFound
from app.kit.clock import utcnow
from app.kit.ids import uuid7
from app.models import ApiToken, Role, SecondFactor, Session, User
from app.resources import Resources
from app.security.tokens import token_hash

MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class Device:
    """Where a login came from, as far as the request tells."""

    ip_address: str | None
    user_agent: str | None


def current_device() -> Device:
    """The device that sent the request being served."""
    context = request_context.get()
    if context is None:
        return Device(None, None)
    agent = "".join(filter(str.isprintable, context.headers.get(b"user-agent", b"").decode("latin-1")))[:255]
    return Device(ip_address=context.client[:45], user_agent=agent or None)


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str
    refresh: str
    expires_in: int
    """Seconds the access token is good for."""
    csrf: str


class OpenSession(NamedTuple):
    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ip_address: str | None
    user_agent: str | None


HAS_SECOND_FACTOR = exists().where(SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None))
"""Whether a user of the surrounding statement is asked for a second factor."""

_IS_LIVE = (Session.revoked_at.is_(None), Session.expires_at > bindparam("now"))

_LIVE_PROFILE = CompiledQuery(
    Profile,
    select(*PROFILE_COLUMNS)
    .join(Session, Session.user_id == User.id)
    .where(Session.id == bindparam("session_id"), User.id == bindparam("user_id"), User.is_active, *_IS_LIVE),
)
_OPEN_SESSIONS = CompiledQuery(
    OpenSession,
    select(*(getattr(Session, name) for name in OpenSession._fields))
    .where(Session.user_id == bindparam("user_id"), *_IS_LIVE)
    .order_by(Session.created_at.desc())
    .limit(MOST_LISTED),
)


_ROTATE = CompiledQuery(
    bool,
    update(Session)
    .where(
        Session.id == bindparam("session"),
        Session.user_id == bindparam("user"),
        Session.refresh_hash == bindparam("current"),
        *_IS_LIVE,
        exists().where(User.id == Session.user_id, User.is_active),
    )
    .values(refresh_hash=bindparam("renewed"), last_used_at=bindparam("now"), expires_at=bindparam("end"))
    .returning(Session.id),
)


async def load_principal(reader: Reader, *, user_id: int, session_id: UUID) -> Principal | None:
    """The user behind a session, or None when the session is over or the user deactivated."""
    profile = await reader.first(_LIVE_PROFILE, session_id=session_id, user_id=user_id, now=utcnow())
    return None if profile is None else principal(profile, session_id=session_id)


def principal(profile: Profile, *, session_id: UUID) -> Principal:
    """This user as the rules see them."""
    return Principal(
        user_id=profile.id,
        session_id=session_id,
        is_admin=profile.role is Role.ADMIN,
        is_verified=profile.is_verified,
        email=profile.email,
        profile=profile_answer(private_view(profile), version=profile.version),
    )


async def list_open(reader: Reader, *, user_id: int) -> Sequence[OpenSession]:
    """Where this user is signed in, newest first."""
    return await reader.all(_OPEN_SESSIONS, user_id=user_id, now=utcnow())


async def sign_in(
    session: AsyncSession,
    *,
    user_id: int,
    hashed_password: str,
    renewed: str | None = None,
    asked_twice: bool = False,
    device: Device,
    resources: Resources,
) -> Tokens | None:
    """Open a session for a user who has proved who they are; None when the account has changed meanwhile.

    `hashed_password` is the one that was stored then (a change in between has ended every session), `renewed` the one
    to store now; `asked_twice` says that a second factor was shown too.
    """
    statement = update(User).where(User.id == user_id, User.is_active, User.hashed_password == hashed_password)
    if not asked_twice:
        statement = statement.where(~HAS_SECOND_FACTOR)
    values = {"last_login_at": utcnow(), "hashed_password": renewed or hashed_password}
    if await session.scalar(statement.values(values).returning(User.id)) is None:
        return None
    forget_after_commit(session, user_id=user_id, resources=resources)
    return open_session(session, user_id=user_id, device=device, resources=resources)


def open_session(session: AsyncSession, *, user_id: int, device: Device, resources: Resources) -> Tokens:
    """Start a session and return its first pair of tokens."""
    session_id = uuid7()
    tokens = _sign(resources, user_id=user_id, session_id=session_id)
    now = utcnow()
    session.add(
        Session(
            id=session_id,
            user_id=user_id,
            refresh_hash=token_hash(tokens.refresh),
            created_at=now,
            last_used_at=now,
            expires_at=now + _lifetime(resources.settings),
            ip_address=device.ip_address,
            user_agent=device.user_agent,
        )
    )
    return tokens


async def rotate(*, user_id: int, session_id: UUID, refresh_token: str, resources: Resources) -> Tokens | None:
    """Exchange the session's current refresh token for a new pair; None when it is not the current one.

    One conditional UPDATE decides: of any number of exchanges of one token at once, one gets through.
    """
    tokens = _sign(resources, user_id=user_id, session_id=session_id)
    now = utcnow()
    rotated = await resources.database.run_alone(
        _ROTATE,
        session=session_id,
        user=user_id,
        current=token_hash(refresh_token),
        renewed=token_hash(tokens.refresh),
        now=now,
        end=now + _lifetime(resources.settings),
    )
    return tokens if rotated else None


async def revoke_replayed(
    session: AsyncSession, *, session_id: UUID, refresh_token: str, resources: Resources
) -> int | None:
    """End the session if the token was good for it once but is not now; return whose it was.

    Two parties hold a token that was already exchanged. One of them stole it; both are signed out
    (RFC 9700 §4.14.2).
    """
    user_id = await session.scalar(
        update(Session)
        .where(
            Session.id == session_id, Session.revoked_at.is_(None), Session.refresh_hash != token_hash(refresh_token)
        )
        .values(revoked_at=utcnow())
        .returning(Session.user_id)
    )
    if user_id is not None:
        forget_after_commit(session, user_id=user_id, resources=resources)
    return user_id


async def revoke(session: AsyncSession, *, user_id: int, session_id: UUID, resources: Resources) -> None:
    """End one of this user's sessions. Raises NotFound when it is not theirs or not open."""
    if not await revoke_grants(session, Session, user_id=user_id, only=session_id, resources=resources):
        raise NotFound("You have no open session with this id.")


async def revoke_all(session: AsyncSession, *, user_id: int, resources: Resources, but: UUID | None = None) -> None:
    """End every session of a user (but this one)."""
    await revoke_grants(session, Session, user_id=user_id, but=but, resources=resources)


async def revoke_grants(
    session: AsyncSession,
    kind: type[Session | ApiToken],
    *,
    user_id: int,
    only: UUID | None = None,
    but: UUID | None = None,
    resources: Resources,
) -> int:
    """End all of a user's sessions or API tokens, one, or all but one; return how many were open."""
    statement = update(kind).where(kind.user_id == user_id, kind.revoked_at.is_(None))
    if only is not None:
        statement = statement.where(kind.id == only)
    if but is not None:
        statement = statement.where(kind.id != but)
    revoked = await session.scalars(statement.values(revoked_at=utcnow()).returning(kind.id))
    forget_after_commit(session, user_id=user_id, resources=resources)
    return len(revoked.all())


def forget_after_commit(session: AsyncSession, *, user_id: int, resources: Resources) -> None:
    """Whatever is remembered of this user's sessions is dropped, on every worker, once this is committed."""

    async def forget() -> None:
        await resources.get(PrincipalCache).forget(user_id)

    after_commit(session, forget)


def _sign(resources: Resources, *, user_id: int, session_id: UUID) -> Tokens:
    settings, sign = resources.settings, resources.signer.sign
    expires_in = settings.access_token_expire_minutes * 60
    lifetime = int(_lifetime(settings).total_seconds())
    return Tokens(
        access=sign(typ="access", user_id=user_id, session_id=session_id, lifetime=expires_in),
        refresh=sign(typ="refresh", user_id=user_id, session_id=session_id, lifetime=lifetime),
        expires_in=expires_in,
        csrf=resources.csrf.token(session_id),
    )


def _lifetime(settings: Settings) -> timedelta:
    return timedelta(days=settings.refresh_token_expire_days)
