"""What administrators do beyond their own accounts; each action leaves a row in the trail (records.audit)."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Delete, Update, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import api_tokens, second_factor_enrolment, sessions
from app.auth.principal import Principal
from app.database.engine import tell_job_written
from app.http.errors import Conflict, NotFound
from app.kit.clock import utcnow
from app.models import ApiToken, OutboxJob, Role, Session, User
from app.records import audit, outbox
from app.resources import Resources

SITE_LIFETIME = timedelta(hours=12)
"""A session of the admin site ends so long after its login, however busy it is."""


async def keep_for_site(session: AsyncSession, *, user_id: int, session_id: UUID, resources: Resources) -> bool:
    """Make a new session one of the admin site. Ends it and returns False when its user is not an administrator."""
    role = await session.scalar(select(User.role).where(User.id == user_id, User.is_active))
    if role is not Role.ADMIN:
        await sessions.revoke(session, user_id=user_id, session_id=session_id, resources=resources)
        return False
    ends = utcnow() + SITE_LIFETIME
    await session.execute(update(Session).where(Session.id == session_id).values(expires_at=ends))
    return True


async def end_sessions(
    session: AsyncSession, admin: Principal, session_ids: Sequence[UUID], *, resources: Resources
) -> None:
    """End these sessions. Raises NotFound for one that is over already."""
    for session_id in session_ids:
        user_id = await session.scalar(
            select(Session.user_id).where(Session.id == session_id, Session.revoked_at.is_(None))
        )
        if user_id is None:
            raise NotFound("This session is over already.")
        await sessions.revoke(session, user_id=user_id, session_id=session_id, resources=resources)
        audit.record(session, admin.user_id, "session.end", f"session:{session_id}", {"user_id": user_id})


async def end_all_sessions(session: AsyncSession, admin: Principal, user_id: int, *, resources: Resources) -> None:
    """Sign a user out everywhere."""
    await sessions.revoke_all(session, user_id=user_id, resources=resources)
    audit.record(session, admin.user_id, "user.end_sessions", f"user:{user_id}")


async def revoke_tokens(
    session: AsyncSession, admin: Principal, token_ids: Sequence[UUID], *, resources: Resources
) -> None:
    """Revoke API tokens of any user. Raises NotFound for one that is already revoked."""
    for token_id in token_ids:
        found = select(ApiToken.user_id, ApiToken.name).where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None))
        row = (await session.execute(found)).one_or_none()
        if row is None:
            raise NotFound("This token is revoked already.")
        await api_tokens.revoke(session, user_id=row.user_id, token_id=token_id, resources=resources)
        detail = {"user_id": row.user_id, "name": row.name}
        audit.record(session, admin.user_id, "token.revoke", f"token:{token_id}", detail)


async def retry_jobs(session: AsyncSession, admin: Principal, job_ids: Sequence[UUID]) -> None:
    """Run dead or waiting jobs again, now. Raises Conflict for one that is neither."""
    refusal = "Only a dead or waiting job can be run again, and this one is neither (any more)."
    await _change_jobs(session, admin, job_ids, outbox.retry, action="job.retry", refusal=refusal)
    tell_job_written(session)


async def drop_jobs(session: AsyncSession, admin: Principal, job_ids: Sequence[UUID]) -> None:
    """Delete jobs for good. Raises Conflict for one that runs, or is done."""
    refusal = "A job that runs cannot be dropped, nor one that is done or gone."
    await _change_jobs(session, admin, job_ids, outbox.drop, action="job.drop", refusal=refusal)


async def reset_second_factor(session: AsyncSession, admin: Principal, user_id: int, *, resources: Resources) -> None:
    """Take the second factor off an account whose owner has lost it. Raises Conflict when there is none."""
    if not await second_factor_enrolment.reset(session, user_id, resources=resources):
        raise Conflict("This account has no second factor.")
    audit.record(session, admin.user_id, "user.reset_second_factor", f"user:{user_id}")


async def _change_jobs(
    session: AsyncSession,
    admin: Principal,
    job_ids: Sequence[UUID],
    change: Callable[[UUID], Update | Delete],
    *,
    action: str,
    refusal: str,
) -> None:
    for job_id in job_ids:
        name = await session.scalar(change(job_id).returning(OutboxJob.name))
        if name is None:
            raise Conflict(refusal)
        audit.record(session, admin.user_id, action, f"job:{job_id}", {"name": name})
