"""Signing up, signing in, staying signed in, passwords and verified addresses."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import api_tokens, mail_pace, one_time_tokens, second_factor, sessions
from app.auth.guessing import limit_account, limit_guessing
from app.auth.principal import Principal
from app.auth.profiles import PROFILE_COLUMNS, Profile
from app.auth.sessions import Device, Tokens
from app.database.engine import insert_ignoring_conflicts
from app.database.query import CompiledQuery
from app.http.errors import BadRequest, FieldError, Forbidden, InvalidInput, TooManyRequests, Unauthorized
from app.kit.addresses import canonical_address
from app.kit.clock import utcnow
from app.models import Purpose, Role, User
from app.records import outbox
from app.resources import Resources
from app.security.passwords import NO_PASSWORD
from app.security.tokens import InvalidToken

WRONG_CREDENTIALS = "The e-mail address, username or password is wrong."
DEACTIVATED = "This account is deactivated."
BAD_REFRESH_TOKEN = "This refresh token is not valid, or no longer: sign in again."  # noqa: S105  # a message
BAD_MAIL_TOKEN = "This link is not valid, or no longer: ask for a new one."  # noqa: S105  # a message

FRESH = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a login is checked against."""

    id: int
    email: str
    username: str
    hashed_password: str
    is_active: bool
    role: Role
    has_second_factor: bool


_CREDENTIALS = select(
    User.id,
    User.email,
    User.username,
    User.hashed_password,
    User.is_active,
    User.role,
    sessions.HAS_SECOND_FACTOR,
)
_BY_EMAIL = CompiledQuery(Credentials, _CREDENTIALS.where(User.email == bindparam("email")))
_BY_USERNAME = CompiledQuery(Credentials, _CREDENTIALS.where(func.lower(User.username) == bindparam("username")))
_BY_ID = CompiledQuery(Credentials, _CREDENTIALS.where(User.id == bindparam("id")))


async def hash_new_password(
    password: str, *, email: str, username: str, resources: Resources, field: str = "password"
) -> str:
    """Hash a password that somebody chose. Raises InvalidInput when it is a weak one."""
    await refuse_weak_password(password, email=email, username=username, resources=resources, field=field)
    return await resources.hasher.hash(password)


async def insert_user(session: AsyncSession, **values: object) -> Profile:
    """Insert a user; of several at once with one e-mail or username, one. Raises BadRequest for the others."""
    statement = insert_ignoring_conflicts(session, User).values(**values).returning(*PROFILE_COLUMNS)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise already_taken("email" if await _email_exists(session, values["email"]) else "username")
    return Profile(*row)


def already_taken(field: str) -> BadRequest:
    what = {"email": "This e-mail address is", "username": "This username is"}[field]
    error = FieldError(pointer=f"#/{field}", detail=f"{what} taken already.", code="taken")
    return BadRequest(f"{what} taken already.", slug="already-taken", errors=(error,))


async def log_in(
    identifier: str, password: str, *, device: Device, resources: Resources, admins_only: bool = False
) -> Tokens:
    """Sign in by e-mail or username. Raises Unauthorized, in the same time and words for an unknown user,
    TooManyRequests, and SecondFactorRequired when the password is only the first half. With ``admins_only`` all others
    are unknown users.

    Takes no session: hashing lasts longer than a connection should be held.
    """
    tries = resources.settings.rate_limit_login
    await limit_guessing(resources, "login", tries)
    found = await find_credentials(identifier, resources=resources)
    # By account, not by spelling: username and address would be twice the tries.
    target = identifier if found is None else f"user:{found.id}"
    await limit_account(resources, "login", tries, account=target)
    fits, renewed = await resources.hasher.verify(password, found.hashed_password if found else None)
    if found is None or not fits:
        resources.metrics.login_failed("unknown_user" if found is None else "wrong_password")
        raise Unauthorized(WRONG_CREDENTIALS)
    if admins_only and found.role is not Role.ADMIN:
        resources.metrics.login_failed("no_administrator")
        raise Unauthorized(WRONG_CREDENTIALS)
    if not found.is_active:
        resources.metrics.login_failed("deactivated")
        raise Unauthorized(DEACTIVATED)
    if found.has_second_factor:
        raise second_factor.challenge(
            found.id, hashed_password=found.hashed_password, renewed=renewed, resources=resources
        )
    tokens = await _open_session(found, renewed, device=device, resources=resources)
    if tokens is None:
        # Another sign-in may have stored the same password anew meanwhile, at the cost of today: not refused for that.
        again = await find_credentials(identifier, resources=resources)
        fits, _ = await resources.hasher.verify(password, again.hashed_password if again else None)
        if again is not None and again.id == found.id and fits:
            tokens = await _open_session(again, None, device=device, resources=resources)
    if tokens is None:
        raise Unauthorized(WRONG_CREDENTIALS)
    return tokens


async def _open_session(
    found: Credentials, renewed: str | None, *, device: Device, resources: Resources
) -> Tokens | None:
    """Tokens for somebody whose password fits; None when the account has changed since it was read."""
    async with resources.database.session() as session:
        return await sessions.sign_in(
            session,
            user_id=found.id,
            hashed_password=found.hashed_password,
            renewed=renewed,
            device=device,
            resources=resources,
        )


async def find_credentials(identifier: str, *, resources: Resources) -> Credentials | None:
    """The account that an e-mail address, in whatever spelling, or a username names."""
    reader = resources.database.reader
    if "@" not in identifier:
        return await reader.first(_BY_USERNAME, username=identifier.strip().lower())
    try:
        email = canonical_address(identifier)
    except ValueError:
        email = ""  # nobody's; asked for all the same, so that it takes as long
    return await reader.first(_BY_EMAIL, email=email)


async def refresh(refresh_token: str, *, resources: Resources) -> Tokens:
    """Exchange a refresh token. A replayed one ends its session, and no other. Raises Unauthorized."""
    try:
        claims = resources.signer.verify(refresh_token, typ="refresh")
    except InvalidToken:
        raise Unauthorized(BAD_REFRESH_TOKEN) from None
    tokens = await sessions.rotate(
        user_id=claims.user_id,
        session_id=claims.session_id,
        refresh_token=refresh_token,
        resources=resources,
    )
    if tokens is not None:
        return tokens
    async with resources.database.session() as session:
        owner = await sessions.revoke_replayed(
            session, session_id=claims.session_id, refresh_token=refresh_token, resources=resources
        )
        if owner is not None:
            resources.metrics.login_failed("replayed_token")
            outbox.enqueue(session, outbox.SEND_SESSION_REVOKED, user_id=owner, session_id=str(claims.session_id))
    raise Unauthorized(BAD_REFRESH_TOKEN)


async def send_verification(session: AsyncSession, *, user_id: int, email: str, resources: Resources) -> None:
    """Send a verification mail; the link of an earlier one stops working. Raises TooManyRequests."""
    now = utcnow()
    sent = await session.scalars(mail_pace.sent_lately(user_id=user_id, purpose=Purpose.VERIFY_EMAIL, now=now))
    seconds = ceil(mail_pace.wait(sent.all(), purpose=Purpose.VERIFY_EMAIL, now=now).total_seconds())
    if seconds > 0:
        detail = (
            f"You have been sent several mails today: use the newest, or ask again in {ceil(seconds / 60)} minutes."
        )
        raise TooManyRequests(detail, headers={"Retry-After": str(seconds)})
    token = one_time_tokens.make(
        user_id=user_id,
        email=email,
        purpose=Purpose.VERIFY_EMAIL,
        lifetime=timedelta(hours=resources.settings.verification_token_expire_hours),
        secret=resources.signer.secret,
    )
    await one_time_tokens.replace(session, token)
    outbox.enqueue(session, outbox.SEND_VERIFICATION, token_id=str(token.id))


async def verify_email(session: AsyncSession, raw: str, *, resources: Resources) -> None:
    """Mark the address this token was sent to as its user's own. Raises BadRequest."""
    token = await one_time_tokens.use(session, raw, purpose=Purpose.VERIFY_EMAIL)
    if token is None:
        raise BadRequest(BAD_MAIL_TOKEN, slug="bad-token")
    verified = await session.scalar(
        update(User)
        .where(User.id == token.user_id, User.email == token.email)
        .values(is_verified=True, updated_at=utcnow(), version=User.version + 1)
        .returning(User.id)
    )
    if verified is None:
        raise BadRequest(BAD_MAIL_TOKEN, slug="bad-token")
    sessions.forget_after_commit(session, user_id=verified, resources=resources)


async def reauthenticate(user: Principal, password: str, *, resources: Resources) -> Credentials:
    """Check again that it is the user, before what protects the account is changed (OWASP ASVS 5.0, 7.5.1).

    By the password. Users without one (they sign in with a provider) must have signed in within :data:`FRESH`.
    Raises BadRequest, Forbidden.
    """
    found = await resources.database.reader.first(_BY_ID, id=user.user_id)
    if found is not None and found.hashed_password == NO_PASSWORD:
        opened = await sessions.list_open(resources.database.reader, user_id=user.user_id)
        if any(one.id == user.session_id and utcnow() - one.created_at < FRESH for one in opened):
            return found
        raise Forbidden("Sign in again, then repeat this at once.", slug="sign-in-again")
    fits, _ = await resources.hasher.verify(password, found.hashed_password if found else None)
    if found is None or not fits:
        raise _wrong_password("password")
    return found


async def change_password(user: Principal, *, current: str, new: str, resources: Resources) -> None:
    """Set a new password and end the other sessions. Raises BadRequest when `current` is wrong."""
    found = await resources.database.reader.first(_BY_ID, id=user.user_id)
    fits, _ = await resources.hasher.verify(current, found.hashed_password if found else None)
    if found is None or not fits:
        raise _wrong_password("current_password")
    if new == current:
        raise InvalidInput.for_field("new_password", "It must differ from the current one.")
    hashed = await hash_new_password(
        new, email=found.email, username=found.username, resources=resources, field="new_password"
    )
    async with resources.database.session() as session:
        await _set_password(session, user_id=found.id, hashed=hashed, only_if=found.hashed_password)
        await sessions.revoke_all(session, user_id=found.id, resources=resources, but=user.session_id)
        outbox.notify(session, found.id, "password_changed")


def forget_password(session: AsyncSession, email: str) -> None:
    """Ask for a reset link. Whether the address is known, the job finds out: here the time it takes would tell.

    The job (app.tasks) makes the token and the mail.
    """
    outbox.enqueue(session, outbox.START_RESET, email=email)


async def reset_password(raw: str, new: str, *, resources: Resources) -> None:
    """Set a new password by the token from the mail and end every session and API token. Raises BadRequest.

    The token is only used up once the new password is found good enough.
    """
    holder = await one_time_tokens.holder(resources.database.reader, raw, purpose=Purpose.RESET_PASSWORD)
    if holder is None:
        raise BadRequest(BAD_MAIL_TOKEN, slug="bad-token")
    hashed = await hash_new_password(
        new, email=holder.email, username=holder.username, resources=resources, field="new_password"
    )
    async with resources.database.session() as session:
        token = await one_time_tokens.use(session, raw, purpose=Purpose.RESET_PASSWORD)
        if token is None:
            raise BadRequest(BAD_MAIL_TOKEN, slug="bad-token")
        await _set_password(session, user_id=token.user_id, hashed=hashed, verified_email=token.email)
        await sessions.revoke_all(session, user_id=token.user_id, resources=resources)
        await api_tokens.revoke_all(session, user_id=token.user_id, resources=resources)
        outbox.notify(session, token.user_id, "password_reset")


async def refuse_weak_password(
    password: str, *, email: str, username: str, resources: Resources, field: str = "password"
) -> None:
    """Raise InvalidInput for a password that holds the e-mail or username, or that zxcvbn guesses."""
    folded = password.casefold()
    local = email.partition("@")[0]
    if any(len(part) > 2 and part.casefold() in folded for part in (email, local, username)):
        raise InvalidInput.for_field(field, "It must not contain your e-mail address or username.")
    if await resources.hasher.is_guessable(password, about=[email, local, username]):
        raise InvalidInput.for_field(field, "It is easily guessed: make it longer, or of several unrelated words.")


def _wrong_password(field: str) -> BadRequest:
    detail = "The current password is wrong."
    error = FieldError(pointer=f"#/{field}", detail=detail, code="wrong_password")
    return BadRequest(detail, slug="wrong-password", errors=(error,))


async def _email_exists(session: AsyncSession, email: object) -> bool:
    return await session.scalar(select(User.id).where(User.email == email)) is not None


async def _set_password(
    session: AsyncSession,
    *,
    user_id: int,
    hashed: str,
    only_if: str | None = None,
    verified_email: str | None = None,
) -> None:
    statement = update(User).where(User.id == user_id, User.is_active)
    if only_if is not None:
        statement = statement.where(User.hashed_password == only_if)
    values: dict[str, object] = {"hashed_password": hashed, "updated_at": utcnow(), "version": User.version + 1}
    if verified_email is not None:  # a user who can read the mail owns the address
        values["is_verified"] = True
        statement = statement.where(User.email == verified_email)
    if await session.scalar(statement.values(**values).returning(User.id)) is None:
        raise BadRequest("The account has changed meanwhile. Try again.", slug="account-changed")
    await session.execute(one_time_tokens.retire(user_id=user_id, purpose=Purpose.RESET_PASSWORD))
