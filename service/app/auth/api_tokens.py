"""Personal API tokens: made, looked up on every request, listed, revoked.

A token is `pat_<user id>_<secret>`: the user's id leads to what is remembered of them, and the prefix tells people and
secret scanners what they have found. 256 random bits need no slow hash.
"""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import sessions
from app.auth.principal import Principal
from app.auth.profiles import PROFILE_COLUMNS, Profile
from app.database.engine import Database
from app.database.query import CompiledQuery
from app.database.reader import Reader
from app.http.errors import Conflict, InvalidInput, NotFound
from app.kit.clock import utcnow
from app.kit.counters import BufferedCounter
from app.kit.ids import MAX_ID, uuid7
from app.models import ApiToken, User
from app.models.api_token import Scope, pack, unpack
from app.records import outbox
from app.resources import Resources
from app.security import tokens

MOST_LIVE = 50
"""Tokens a user may have at a time."""
MOST_LISTED = 100
USE_NOTED_AFTER = timedelta(minutes=1)

PREFIX = "pat_"
_SHOWN = 6  # characters of the secret, of 43
_TOKEN = re.compile(rf"{PREFIX}([1-9]\d{{0,18}})_[\w-]{{43}}", re.ASCII)


class TokenUses(BufferedCounter[UUID]):
    """Notes which tokens are in use, by their ids."""

    def __init__(self, database: Database) -> None:
        super().__init__(partial(_store_uses, database))


class Listed(NamedTuple):
    id: UUID
    name: str
    prefix: str
    scopes: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """A live token and its user."""

    id: UUID
    scopes: frozenset[Scope]
    expires_at: datetime
    last_used_at: datetime | None
    profile: Profile


def _split(*row: Any) -> Found:
    token_id, scopes, expires_at, last_used_at, *profile = row
    return Found(token_id, unpack(scopes), expires_at, last_used_at, Profile(*profile))


_LIVE = CompiledQuery(
    _split,
    select(ApiToken.id, ApiToken.scopes, ApiToken.expires_at, ApiToken.last_used_at, *PROFILE_COLUMNS)
    .join(User, User.id == ApiToken.user_id)
    .where(
        ApiToken.token_hash == bindparam("token_hash"),
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > bindparam("now"),
        User.id == bindparam("user_id"),
        User.is_active,
    ),
)
_LISTED = CompiledQuery(
    Listed,
    select(*(getattr(ApiToken, name) for name in Listed._fields))
    .where(ApiToken.user_id == bindparam("user_id"), ApiToken.revoked_at.is_(None))
    .order_by(ApiToken.created_at.desc())
    .limit(MOST_LISTED),
)


def owner_of(token: str) -> int | None:
    """The id of the user a token claims to be of; None for text that does not have the form of an API token."""
    match = _TOKEN.fullmatch(token)
    user_id = int(match[1]) if match else 0
    return user_id if 0 < user_id <= MAX_ID else None


async def load_principal(
    reader: Reader, *, user_id: int, token_hash: bytes, note_use: Callable[[UUID], None]
) -> Principal | None:
    """The user behind a token's hash, or None when it is not live. An administrator is one only with scope `admin`."""
    now = utcnow()
    found = await reader.first(_LIVE, token_hash=token_hash, user_id=user_id, now=now)
    if found is None:
        return None
    if found.last_used_at is None or now - found.last_used_at >= USE_NOTED_AFTER:
        note_use(found.id)
    whole = sessions.principal(found.profile, session_id=found.id)
    return replace(
        whole,
        is_admin=whole.is_admin and Scope.ADMIN in found.scopes,
        scopes=found.scopes,
        expires_at=found.expires_at.timestamp(),
    )


async def list_tokens(reader: Reader, *, user_id: int) -> Sequence[Listed]:
    """The tokens of a user that are not revoked, newest first; those that have expired are kept for a while."""
    return await reader.all(_LISTED, user_id=user_id)


async def make(
    session: AsyncSession, user: Principal, *, name: str, scopes: frozenset[Scope], lifetime: timedelta
) -> tuple[Listed, str]:
    """A new token and its secret, of which only the hash is kept; its owner is told by mail.

    Raises InvalidInput for a scope the user does not have, Conflict when there are too many already.
    """
    if Scope.ADMIN in scopes and not user.is_admin:
        raise InvalidInput.for_field("scopes", "Only administrators can give the scope admin.")
    now = utcnow()
    live = select(func.count()).where(
        ApiToken.user_id == user.user_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now
    )
    if (await session.scalar(live) or 0) >= MOST_LIVE:
        raise Conflict(f"You have {MOST_LIVE} API tokens: revoke one first.", slug="too-many-tokens")
    head = f"{PREFIX}{user.user_id}_"
    token = head + secrets.token_urlsafe(32)
    row = ApiToken(
        id=uuid7(),
        user_id=user.user_id,
        name=name,
        token_hash=tokens.token_hash(token),
        prefix=token[: len(head) + _SHOWN],
        scopes=pack(scopes),
        created_at=now,
        expires_at=now + lifetime,
    )
    session.add(row)
    outbox.notify(session, user.user_id, "api_token_made")
    return Listed(*(getattr(row, field) for field in Listed._fields)), token


async def revoke(session: AsyncSession, *, user_id: int, token_id: UUID, resources: Resources) -> None:
    """End one of this user's tokens at once. Raises NotFound when it is not theirs or ended already."""
    if not await sessions.revoke_grants(session, ApiToken, user_id=user_id, only=token_id, resources=resources):
        raise NotFound("You have no API token with this id.")


async def revoke_all(session: AsyncSession, *, user_id: int, resources: Resources) -> None:
    """End every token of a user."""
    await sessions.revoke_grants(session, ApiToken, user_id=user_id, resources=resources)


async def _store_uses(database: Database, uses: Mapping[UUID, int]) -> None:
    async with database.session() as session:
        await session.execute(update(ApiToken).where(ApiToken.id.in_(sorted(uses))).values(last_used_at=utcnow()))
