"""The second factor: a code from an authenticator app, asked for after the first step of every sign-in.

A wrong code counts against the account, in the database: after :data:`FREE_TRIES` of them each one more doubles the
time in which none is looked at. Of a million codes three are good at any moment, so a rate per minute alone would let
a patient guesser in within weeks.
"""

import base64
import os
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import sessions
from app.auth.sessions import Device, Tokens
from app.database.engine import commit
from app.http.errors import TooManyRequests, Unauthorized, Unavailable
from app.kit.clock import utcnow
from app.models import RecoveryCode, SecondFactor, User
from app.records import outbox
from app.resources import Resources
from app.security import totp
from app.security.encryption import DecryptionError, decrypt_json, encrypt_json
from app.security.tokens import key_id, token_hash

log = structlog.get_logger(__name__)

FREE_TRIES = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
CHALLENGE_SECONDS = 300
RECOVERY_CODES = 10

_SECRET = "second-factor"  # noqa: S105  # a purpose
_CHALLENGE = "second-factor-challenge"
WRONG_CODE = "This code is wrong, or has been used: wait for the next one."
NEEDED = "Send a code from your authenticator app, or a recovery code, with this mfa_token to finish signing in."
EXPIRED = "This sign-in took too long, or the account has changed meanwhile: begin again."


class SecondFactorRequired(Unauthorized):
    """The first step of a sign-in went well; `mfa_token` finishes it together with a code."""

    slug = "second-factor-required"

    def __init__(self, mfa_token: str) -> None:
        super().__init__(NEEDED, extensions={"mfa_token": mfa_token, "expires_in": CHALLENGE_SECONDS})
        self.mfa_token = mfa_token


def challenge(
    user_id: int, *, hashed_password: str, renewed: str | None = None, resources: Resources
) -> SecondFactorRequired:
    """What to raise where a first step alone must not sign in. It is void once the password changes."""
    content = {"user": user_id, "password": _fingerprint(hashed_password), "renewed": renewed}
    return SecondFactorRequired(encrypt_json(content, purpose=_CHALLENGE, secrets=resources.signer.secrets))


async def finish_sign_in(
    session: AsyncSession, mfa_token: str, code: str, *, device: Device, resources: Resources
) -> Tokens:
    """The second step. Raises Unauthorized, TooManyRequests."""
    try:
        content = decrypt_json(
            mfa_token, purpose=_CHALLENGE, secrets=resources.signer.secrets, max_age=CHALLENGE_SECONDS
        )
    except DecryptionError:
        raise Unauthorized(EXPIRED, slug="second-factor-expired") from None
    user_id: int = content["user"]
    hashed = await session.scalar(select(User.hashed_password).where(User.id == user_id, User.is_active))
    if hashed is None or _fingerprint(hashed) != content["password"]:
        raise Unauthorized(EXPIRED, slug="second-factor-expired")
    if not await use_code(session, user_id, code, resources=resources):
        resources.metrics.login_failed("wrong_code")
        raise Unauthorized(WRONG_CODE, slug="wrong-code")
    tokens = await sessions.sign_in(
        session,
        user_id=user_id,
        hashed_password=hashed,
        renewed=content["renewed"],
        asked_twice=True,
        device=device,
        resources=resources,
    )
    if tokens is None:
        raise Unauthorized(EXPIRED, slug="second-factor-expired")
    return tokens


async def use_code(session: AsyncSession, user_id: int, code: str, *, resources: Resources) -> bool:
    """Use up a code of the app, or a recovery code. False when it is wrong, which is committed: it counts.

    Raises TooManyRequests while the account waits after wrong ones. Two tries at once take turns at the row.
    """
    factor = await session.get(SecondFactor, user_id, with_for_update=True)
    if factor is None or factor.confirmed_at is None:
        return False
    _refuse_while_locked(factor)
    if await _matches(session, factor, code, resources=resources):
        factor.failed_attempts, factor.locked_until = 0, None
        return True
    factor.failed_attempts += 1
    factor.locked_until = utcnow() + wait_after(factor.failed_attempts)
    if factor.failed_attempts == FREE_TRIES:
        outbox.notify(session, user_id, "second_factor_guessed")
    await commit(session)
    return False


def wait_after(failures: int) -> timedelta:
    """How long no code is looked at after so many wrong ones."""
    if failures < FREE_TRIES:
        return timedelta(0)
    return min(FIRST_WAIT * 2 ** min(failures - FREE_TRIES, 20), LONGEST_WAIT)


def new_recovery_codes(session: AsyncSession, user_id: int) -> list[str]:
    """Codes to be shown once; of each the hash is kept."""
    raw = [base64.b32encode(os.urandom(15)).decode() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_hash=token_hash(code), user_id=user_id) for code in raw)
    return ["-".join(code[i : i + 4] for i in range(0, len(code), 4)) for code in raw]


def open_secret(factor: SecondFactor, *, secrets: Sequence[str]) -> str:
    """The secret that the authenticator app shares. Raises DecryptionError when its key has been retired."""
    return decrypt_json(factor.secret, purpose=_SECRET, secrets=secrets)["totp"]


def secret_of(factor: SecondFactor, *, resources: Resources) -> str:
    """The same during a request: raises Unavailable, and logs what to do."""
    try:
        return open_secret(factor, secrets=resources.signer.secrets)
    except DecryptionError:
        log.error("second_factor.unreadable", remedy="put the key that encrypted it into PREVIOUS_SECRET_KEYS")
        detail = "Codes of your app cannot be checked at the moment: use a recovery code."
        raise Unavailable(detail, slug="second-factor-unreadable") from None


def set_secret(factor: SecondFactor, secret: str, *, secrets: Sequence[str]) -> None:
    factor.secret = encrypt_json({"totp": secret}, purpose=_SECRET, secrets=secrets)
    factor.sealed_by = key_id(secrets[0])


async def _matches(session: AsyncSession, factor: SecondFactor, code: str, *, resources: Resources) -> bool:
    written = code.replace("-", "").replace(" ", "").upper()
    if len(written) == totp.DIGITS:
        step = totp.matching_step(secret_of(factor, resources=resources), written, after=factor.last_step)
        if step is not None:
            factor.last_step = step
        return step is not None
    used = delete(RecoveryCode).where(
        RecoveryCode.code_hash == token_hash(written), RecoveryCode.user_id == factor.user_id
    )
    if await session.scalar(used.returning(RecoveryCode.user_id)) is None:
        return False
    outbox.notify(session, factor.user_id, "recovery_code_used")
    return True


def _refuse_while_locked(factor: SecondFactor) -> None:
    left = (factor.locked_until - utcnow()).total_seconds() if factor.locked_until is not None else 0
    if left > 0:
        seconds = int(left) + 1
        detail = f"Too many wrong codes. Try again in {seconds} s."
        raise TooManyRequests(detail, slug="second-factor-locked", headers={"Retry-After": str(seconds)})


def _fingerprint(hashed_password: str) -> str:
    return sha256(hashed_password.encode()).hexdigest()[:32]
