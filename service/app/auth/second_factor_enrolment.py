"""Switching the second factor on and off, and what goes with it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import second_factor, sessions
from app.auth.principal import Principal
from app.database.engine import insert_ignoring_conflicts
from app.database.query import CompiledQuery
from app.database.reader import Reader
from app.http.errors import BadRequest, Conflict, FieldError, Forbidden
from app.kit.clock import utcnow
from app.models import RecoveryCode, SecondFactor
from app.records import outbox
from app.resources import Resources
from app.security import totp

OFF = "This account has no second factor."
ON = "This account has a second factor already: switch it off before you set up another."


@dataclass(frozen=True, slots=True)
class State:
    """Whether an account asks for a second factor, since when, and how many recovery codes are left."""

    confirmed_at: datetime | None
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """For an authenticator app: type `secret`, or scan a QR code of `otpauth_uri`."""

    secret: str
    otpauth_uri: str


_LEFT = select(func.count()).where(RecoveryCode.user_id == bindparam("user_id")).scalar_subquery()
_STATE = CompiledQuery(
    State, select(SecondFactor.confirmed_at, _LEFT).where(SecondFactor.user_id == bindparam("user_id"))
)


async def read_state(reader: Reader, user_id: int) -> State:
    return await reader.first(_STATE, user_id=user_id) or State(None, 0)


async def begin(session: AsyncSession, user: Principal, *, resources: Resources) -> Enrolment:
    """Make a secret; nothing is asked for until :func:`confirm` has seen a code of it. Raises Conflict, Forbidden.

    Requires a verified address: otherwise someone could register another person's address and lock them out of it.
    """
    if not user.is_verified:
        raise Forbidden("Verify your e-mail address first.", slug="not-verified")
    blank = {"user_id": user.user_id, "secret": "", "sealed_by": ""}
    await session.execute(insert_ignoring_conflicts(session, SecondFactor).values(blank))  # of two at once, one
    factor = await session.get_one(SecondFactor, user.user_id, with_for_update=True)
    if factor.confirmed_at is not None:
        raise Conflict(ON, slug="second-factor-on")
    secret = totp.new_secret()
    second_factor.set_secret(factor, secret, secrets=resources.signer.secrets)
    uri = totp.otpauth_uri(secret, account=user.email, issuer=resources.settings.project_name)
    return Enrolment(secret, uri)


async def confirm(session: AsyncSession, user: Principal, code: str, *, resources: Resources) -> list[str]:
    """Switch it on by a first code; the other sessions end. Returns the recovery codes. Raises BadRequest, Conflict."""
    factor = await session.get(SecondFactor, user.user_id, with_for_update=True)
    if factor is None:
        raise Conflict("Begin by asking for a secret.", slug="second-factor-off")
    if factor.confirmed_at is not None:
        raise Conflict(ON, slug="second-factor-on")
    step = totp.matching_step(second_factor.secret_of(factor, resources=resources), code)
    if step is None:
        raise wrong_code()
    factor.confirmed_at, factor.last_step = utcnow(), step
    await _changed(session, user, "second_factor_on", resources=resources)
    return second_factor.new_recovery_codes(session, user.user_id)


async def renew_recovery_codes(session: AsyncSession, user: Principal, code: str, *, resources: Resources) -> list[str]:
    """New recovery codes; the old ones stop working. Raises BadRequest, Conflict, TooManyRequests."""
    await _require_code(session, user, code, resources=resources)
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.user_id))
    outbox.notify(session, user.user_id, "recovery_codes_renewed")
    return second_factor.new_recovery_codes(session, user.user_id)


async def switch_off(session: AsyncSession, user: Principal, code: str, *, resources: Resources) -> None:
    """Ask for the password alone from now on; the other sessions end. Raises BadRequest, Conflict, TooManyRequests."""
    await _require_code(session, user, code, resources=resources)
    await _remove(session, user.user_id)
    await _changed(session, user, "second_factor_off", resources=resources)


async def reset(session: AsyncSession, user_id: int, *, resources: Resources) -> bool:
    """Switch it off for a user who has lost app and codes, and end every session. False when it was not on.

    For administrators, who have to make sure who is asking. The caller writes the audit trail.
    """
    if not await _remove(session, user_id):
        return False
    await sessions.revoke_all(session, user_id=user_id, resources=resources)
    outbox.notify(session, user_id, "second_factor_reset")
    return True


def wrong_code() -> BadRequest:
    detail = second_factor.WRONG_CODE
    return BadRequest(detail, slug="wrong-code", errors=(FieldError("#/code", detail, "wrong_code"),))


async def _require_code(session: AsyncSession, user: Principal, code: str, *, resources: Resources) -> None:
    factor = await session.get(SecondFactor, user.user_id)
    if factor is None or factor.confirmed_at is None:
        raise Conflict(OFF, slug="second-factor-off")
    if not await second_factor.use_code(session, user.user_id, code, resources=resources):
        raise wrong_code()


async def _remove(session: AsyncSession, user_id: int) -> bool:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    removed = delete(SecondFactor).where(SecondFactor.user_id == user_id).returning(SecondFactor.confirmed_at)
    return await session.scalar(removed) is not None


async def _changed(session: AsyncSession, user: Principal, event: str, *, resources: Resources) -> None:
    outbox.notify(session, user.user_id, event)
    await sessions.revoke_all(session, user_id=user.user_id, resources=resources, but=user.session_id)
