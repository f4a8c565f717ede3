"""Mails: composed from what the database says now, not from what it said when the job was written."""

from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth import mail_pace, one_time_tokens
from app.kit.addresses import canonical_address
from app.kit.clock import utcnow
from app.mail.mailer import MailRefused, compose
from app.models import OneTimeToken, Purpose, User
from app.models import Session as LoginSession
from app.records import outbox
from app.tasks.registry import Permanent, Run, job

SECURITY_NOTICES = {
    "password_changed": (
        "Your password was changed",
        "the password of your account was changed, and your other sessions were ended. API tokens go on working: "
        "end those you do not know.",
    ),
    "password_reset": (
        "Your password was changed",
        "the password of your account was changed by a link we had sent you; every session and API token was ended.",
    ),
    "api_token_made": (
        "A new API token",
        "an API token was made for your account. Programs can use it until it expires or you revoke it.",
    ),
    "second_factor_on": (
        "Second factor switched on",
        "signing in to your account now takes a code from your authenticator app.",
    ),
    "second_factor_off": ("Second factor switched off", "signing in to your account takes the password alone again."),
    "second_factor_reset": (
        "Second factor removed",
        "an administrator has removed the second factor of your account and ended its sessions.",
    ),
    "second_factor_guessed": (
        "Somebody may know your password",
        "somebody signed in to your account with the right password and then gave several wrong codes.",
    ),
    "recovery_code_used": ("A recovery code was used", "one of your recovery codes was used. It will not work again."),
    "recovery_codes_renewed": ("New recovery codes", "you have new recovery codes. The old ones stopped working."),
    "identity_linked": (
        "A new way to sign in",
        "an account elsewhere that has your e-mail address can now sign in to your account here.",
    ),
    "identity_unlinked": (
        "A way to sign in was removed",
        "an account elsewhere can no longer sign in to your account here.",
    ),
}
"""What happened, by the name of the event: subject, and the sentence after the greeting."""

_PAGES = {Purpose.VERIFY_EMAIL: "verify-email", Purpose.RESET_PASSWORD: "reset-password"}


@job(outbox.SEND_VERIFICATION)
def send_verification(run: Run, *, token_id: str) -> None:
    """The link that proves an address."""
    with run.reading() as session:
        message = _token_mail(run, session, token_id, template="verify_email", subject="Confirm your e-mail address")
    _send(run, message)


@job(outbox.SEND_RESET)
def send_reset(run: Run, *, token_id: str) -> None:
    """The link that sets a new password."""
    with run.reading() as session:
        message = _token_mail(run, session, token_id, template="reset_password", subject="Set a new password")
    _send(run, message)


@job(outbox.START_RESET)
def start_reset(run: Run, *, email: str) -> None:
    """Find out whether the address is known, and only then make a token: here, where no caller can measure it."""
    with run.finishing() as session:
        user = session.scalar(select(User).where(User.email == canonical_address(email), User.is_active))
        if user is None:
            return
        now, purpose = utcnow(), Purpose.RESET_PASSWORD
        sent = session.scalars(mail_pace.sent_lately(user_id=user.id, purpose=purpose, now=now)).all()
        if mail_pace.wait(sent, purpose=purpose, now=now) > timedelta(0):
            return
        session.execute(one_time_tokens.retire(user_id=user.id, purpose=purpose))
        token = one_time_tokens.make(
            user_id=user.id,
            email=user.email,
            purpose=purpose,
            lifetime=timedelta(minutes=run.settings.reset_token_expire_minutes),
            secret=run.settings.signing_keys()[0],
        )
        session.add(token)
        run.then(session, outbox.SEND_RESET, token_id=str(token.id))


@job(outbox.SEND_SESSION_REVOKED)
def send_session_revoked(run: Run, *, user_id: int, session_id: str) -> None:
    """Tell a user that a refresh token was used twice, so one of the two was not theirs."""
    with run.reading() as session:
        user, login = session.get(User, user_id), session.get(LoginSession, UUID(session_id))
        message = None
        if user is not None:
            device = login.user_agent if login is not None else None
            message = _notice(run, user, "session_revoked", "We ended one of your sessions", device=device)
    _send(run, message)


@job(outbox.SEND_SECURITY_NOTICE)
def send_security_notice(run: Run, *, user_id: int, event: str) -> None:
    """Tell a user what happened to the safety of the account, in case it was somebody else."""
    subject, what = SECURITY_NOTICES[event]
    with run.reading() as session:
        user = session.get(User, user_id)
        message = None if user is None else _notice(run, user, "security_notice", subject, what=what)
    _send(run, message)


def _token_mail(run: Run, session: Session, token_id: str, *, template: str, subject: str) -> EmailMessage | None:
    """None when the token was replaced, used or has expired meanwhile: the mail would carry a dead link."""
    token = session.get(OneTimeToken, UUID(token_id))
    if token is None or token.used_at is not None or token.expires_at <= utcnow():
        return None
    user = session.get_one(User, token.user_id)
    raw = one_time_tokens.reveal(token, secrets=run.settings.signing_keys())
    values = {
        "name": user.first_name or user.username,
        "link": f"{run.settings.base_url}/{_PAGES[token.purpose]}#token={raw}",
        "expires_at": token.expires_at,
    }
    return compose(run.settings, template=template, to=token.email, job_id=run.job_id, subject=subject, values=values)


def _notice(run: Run, user: User, template: str, subject: str, **values: object) -> EmailMessage:
    values = {"name": user.first_name or user.username, "link": f"{run.settings.base_url}/forgot-password", **values}
    return compose(run.settings, template=template, to=user.email, job_id=run.job_id, subject=subject, values=values)


def _send(run: Run, message: EmailMessage | None) -> None:
    if message is None:
        return
    try:
        run.mailer.send(message)
    except MailRefused as error:
        raise Permanent(str(error)) from error
