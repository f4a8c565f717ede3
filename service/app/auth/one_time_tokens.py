"""Single-use tokens sent by mail: made, hashed, revealed to the mailer, used once.

A token is its row's id and a MAC over the row, so the mailer can write it into a link without the database ever holding
it: a job carries the row's id, and only a process with SECRET_KEY can turn that into the token.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.query import CompiledQuery
from app.database.reader import Reader
from app.kit.clock import utcnow
from app.kit.ids import uuid7
from app.kit.keys import derive_key
from app.models import OneTimeToken, Purpose, User
from app.security.tokens import token_hash


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose token it is, while it is good."""

    user_id: int
    email: str
    username: str


_HOLDER = CompiledQuery(
    Holder,
    select(User.id, User.email, User.username)
    .join(OneTimeToken, OneTimeToken.user_id == User.id)
    .where(
        OneTimeToken.token_hash == bindparam("token_hash"),
        OneTimeToken.purpose == bindparam("purpose"),
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > bindparam("now"),
        OneTimeToken.email == User.email,
        User.is_active,
    ),
)


def make(*, user_id: int, email: str, purpose: Purpose, lifetime: timedelta, secret: str) -> OneTimeToken:
    """A row for a new token; adding it to a session is up to the caller."""
    token = OneTimeToken(
        id=uuid7(), user_id=user_id, purpose=purpose, email=email, expires_at=utcnow() + lifetime, token_hash=b""
    )
    token.token_hash = token_hash(_raw(token, secret))
    return token


async def replace(session: AsyncSession, token: OneTimeToken) -> OneTimeToken:
    """Store a new token; every older one of its user and purpose stops working."""
    await session.execute(retire(user_id=token.user_id, purpose=token.purpose))
    session.add(token)
    return token


def retire(*, user_id: int, purpose: Purpose) -> Update:
    """Have the tokens of a user and purpose work no more. They are kept for a day: see :mod:`app.auth.mail_pace`."""
    now = utcnow()
    return (
        update(OneTimeToken)
        .where(OneTimeToken.user_id == user_id, OneTimeToken.purpose == purpose, OneTimeToken.expires_at > now)
        .values(expires_at=now)
        .execution_options(synchronize_session=False)
    )


def reveal(token: OneTimeToken, *, secrets: Iterable[str]) -> str:
    """The token itself, for the mail that carries it. Raises LookupError when its key has been retired."""
    for secret in secrets:
        raw = _raw(token, secret)
        if hmac.compare_digest(token_hash(raw), token.token_hash):
            return raw
    raise LookupError(f"the key that made token {token.id} is not among the configured keys")


async def holder(reader: Reader, raw: str, *, purpose: Purpose) -> Holder | None:
    """Who holds this token, without using it up; None when it is unknown, used, expired or for another address."""
    return await reader.first(_HOLDER, token_hash=token_hash(raw), purpose=purpose, now=utcnow())


async def use(session: AsyncSession, raw: str, *, purpose: Purpose) -> OneTimeToken | None:
    """Use a token up and return it; None when it was not good any more. Of two at once, one gets it."""
    now = utcnow()
    return await session.scalar(
        update(OneTimeToken)
        .where(
            OneTimeToken.token_hash == token_hash(raw),
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneTimeToken)
    )


def _raw(token: OneTimeToken, secret: str) -> str:
    key = derive_key(secret, "one-time-token")
    message = b"|".join(
        (token.id.bytes, token.purpose.value.encode(), str(token.user_id).encode(), token.email.encode())
    )
    mac = hmac.new(key, message, sha256).digest()
    return urlsafe_b64encode(token.id.bytes + mac).rstrip(b"=").decode()
