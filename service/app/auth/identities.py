"""Accounts at OpenID providers: whom they sign in here, and what links them.

An account there and one here are linked by their e-mail address alone, and only when both sides have seen that it
belongs to the user who asks. The provider must say that it has verified the address: otherwise anyone could enter any
address there and take over an account here. And the account here must have verified it: otherwise someone who
registered an address in advance would share the account with its owner (A. Sudhodanan and A. Paverd, Pre-hijacked
accounts, USENIX Security 2022).
"""

import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from slugify import slugify
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import second_factor, sessions
from app.auth import service as auth_service
from app.auth.principal import Principal
from app.auth.sessions import HAS_SECOND_FACTOR, Device, Tokens
from app.database.engine import commit, insert_ignoring_conflicts
from app.database.query import CompiledQuery
from app.database.reader import Reader
from app.http.errors import BadRequest, Conflict, Forbidden, NotFound, Unauthorized
from app.kit.clock import utcnow
from app.models import Identity, Role, User
from app.records import outbox
from app.resources import Resources
from app.schemas.fields import Avatar, Email, Name
from app.security.oidc.client import Claims
from app.security.passwords import NO_PASSWORD

EMAIL_UNVERIFIED = "The provider does not say that it has verified your e-mail address, so it proves nothing here."
ACCOUNT_UNVERIFIED = (
    "There is an account with your e-mail address, but nobody has shown yet whose it is. Set a new password for it "
    "(`forgot password` sends a mail), then sign in with the provider again."
)
AGAIN = "You are signing in twice at once. Try again."

_EMAIL, _NAME, _AVATAR = TypeAdapter[str](Email), TypeAdapter[str](Name), TypeAdapter[str](Avatar)


class Account(NamedTuple):
    """The user behind an identity, as far as signing in depends on it."""

    id: int
    hashed_password: str
    is_active: bool
    is_verified: bool
    has_second_factor: bool


class LinkedIdentity(NamedTuple):
    id: UUID
    issuer: str
    email: str
    created_at: datetime
    last_used_at: datetime


_ACCOUNT = select(User.id, User.hashed_password, User.is_active, User.is_verified, HAS_SECOND_FACTOR)
_LINKED = CompiledQuery(
    LinkedIdentity,
    select(*(getattr(Identity, name) for name in LinkedIdentity._fields))
    .where(Identity.user_id == bindparam("user_id"))
    .order_by(Identity.created_at),
)


async def sign_in(session: AsyncSession, claims: Claims, *, device: Device, resources: Resources) -> Tokens:
    """Sign in the user these claims name, linking or making an account at the first time.

    Raises Unauthorized for a deactivated one, SecondFactorRequired, Forbidden when there is nothing to link by.
    """
    account = await _known(session, claims) or await _linked_or_new(session, claims)
    if not account.is_active:
        raise Unauthorized(auth_service.DEACTIVATED)
    if account.has_second_factor:
        await commit(session)  # what was linked stays linked; it opens nothing without the code
        raise second_factor.challenge(account.id, hashed_password=account.hashed_password, resources=resources)
    tokens = await sessions.sign_in(
        session, user_id=account.id, hashed_password=account.hashed_password, device=device, resources=resources
    )
    if tokens is None:
        raise Conflict(AGAIN, slug="account-changed")
    return tokens


async def list_linked(reader: Reader, *, user_id: int) -> Sequence[LinkedIdentity]:
    """The accounts elsewhere that sign in to this one, oldest first."""
    return await reader.all(_LINKED, user_id=user_id)


async def unlink(session: AsyncSession, user: Principal, identity_id: UUID) -> None:
    """Remove a link. Raises NotFound, and Conflict when nothing else would sign them in."""
    hashed = await session.scalar(select(User.hashed_password).where(User.id == user.user_id).with_for_update())
    removed = await session.scalar(
        delete(Identity).where(Identity.id == identity_id, Identity.user_id == user.user_id).returning(Identity.id)
    )
    if removed is None:
        raise NotFound("You have no linked account with this id.")
    left = await session.scalar(select(func.count()).select_from(Identity).where(Identity.user_id == user.user_id))
    if hashed == NO_PASSWORD and not left:
        raise Conflict("It is your only way in: set a password first (`forgot password`).", slug="last-sign-in")
    outbox.notify(session, user.user_id, "identity_unlinked")


async def _known(session: AsyncSession, claims: Claims) -> Account | None:
    """The user this identity is linked to, whatever has become of either's e-mail address."""
    user_id = await session.scalar(
        update(Identity)
        .where(Identity.issuer == claims.issuer, Identity.subject == claims.subject)
        .values(last_used_at=utcnow())
        .returning(Identity.user_id)
    )
    return await _account(session, User.id == user_id) if user_id is not None else None


async def _linked_or_new(session: AsyncSession, claims: Claims) -> Account:
    email = _valid(_EMAIL, claims.email)
    if email is None or not claims.email_verified:
        raise Forbidden(EMAIL_UNVERIFIED, slug="oidc-email-unverified")
    account = await _account(session, User.email == email)
    if account is None:
        account = await _register(session, email, claims.profile)
    elif not account.is_active:
        return account
    elif not account.is_verified:
        raise Forbidden(ACCOUNT_UNVERIFIED, slug="account-unverified")
    else:
        outbox.notify(session, account.id, "identity_linked")
    identity = {"user_id": account.id, "issuer": claims.issuer, "subject": claims.subject, "email": email}
    link = insert_ignoring_conflicts(session, Identity).values(**identity, last_used_at=utcnow())
    if await session.scalar(link.returning(Identity.id)) is None:
        raise Conflict(AGAIN, slug="account-changed")
    return account


async def _account(session: AsyncSession, which: Any) -> Account | None:
    row = (await session.execute(_ACCOUNT.where(which).with_for_update(of=User))).one_or_none()
    return Account(*row) if row is not None else None


async def _register(session: AsyncSession, email: str, profile: dict[str, Any]) -> Account:
    """A new account without a password; the first username that is free. Raises Conflict."""
    values = {
        "email": email,
        "is_verified": True,
        "hashed_password": NO_PASSWORD,
        "role": Role.USER,
        "first_name": _valid(_NAME, profile.get("given_name")),
        "last_name": _valid(_NAME, profile.get("family_name")),
        "avatar": _valid(_AVATAR, profile.get("picture")),
    }
    for username in _usernames(profile):
        try:
            made = await auth_service.insert_user(session, username=username, **values)
        except BadRequest as taken:
            if taken.errors[0].pointer == "#/email":
                break
        else:
            return Account(made.id, NO_PASSWORD, is_active=True, is_verified=True, has_second_factor=False)
    raise Conflict(AGAIN, slug="account-changed")


def _usernames(profile: dict[str, Any]) -> Iterator[str]:
    """Usernames to try. Never made of the e-mail address: everyone may see them."""
    wishes = (profile.get(name) for name in ("preferred_username", "nickname", "name", "given_name"))
    wish = next((wish for wish in wishes if isinstance(wish, str) and wish and "@" not in wish), "")
    base = re.sub(r"[^A-Za-z0-9_]", "", slugify(wish, separator="_", lowercase=False, max_length=40))
    if len(base) >= 3:
        yield base
    for _ in range(5):
        yield f"{base or 'user'}_{secrets.token_hex(3)}"


def _valid(rule: TypeAdapter[str], value: Any) -> str | None:
    """The value as our own forms would take it, or None: a provider's taste is not ours."""
    try:
        return rule.validate_python(value)
    except ValidationError:
        return None
