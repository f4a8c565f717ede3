"""People: found, shown, changed, given and refused access, removed."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import api_tokens, sessions
from app.auth.principal import Principal
from app.auth.profiles import NO_SUCH_USER, PROFILE_COLUMNS, Profile
from app.auth.service import already_taken
from app.database.engine import AfterCommit, after_commit
from app.database.query import CompiledQuery
from app.database.reader import Reader
from app.http.errors import Conflict, Forbidden, NotFound
from app.http.etag import require_match
from app.kit.clock import utcnow
from app.models import Role, User
from app.records import audit
from app.resources import Resources
from app.users import avatar_rows


class ProfileListeners(list[AfterCommit]):
    """Called after a commit that changed or removed a user, by packages that keep what shows one."""


class RemovalListeners(list[Callable[[AsyncSession, int], Awaitable[None]]]):
    """Called in the transaction that is about to remove a user, by packages whose rows go with them."""


LAST_ADMIN = "This is the last active administrator: make another one first."


_PROFILE = CompiledQuery(Profile, select(*PROFILE_COLUMNS).where(User.id == bindparam("user_id")))


async def read_profile(reader: Reader, user_id: int) -> Profile:
    """Anyone's profile; what of it may be shown is decided by :func:`~app.auth.profiles.view_for`. Raises NotFound."""
    profile = await reader.first(_PROFILE, user_id=user_id)
    if profile is None:
        raise NotFound(NO_SUCH_USER)
    return profile


def require_editor(user_id: int, editor: Principal) -> None:
    """Raises Forbidden."""
    if not (editor.is_admin or editor.user_id == user_id):
        raise Forbidden("Only the user and administrators may change a profile.")


async def update_profile(
    session: AsyncSession,
    user_id: int,
    changes: dict[str, Any],
    *,
    editor: Principal,
    if_match: str | None,
    resources: Resources,
) -> Profile:
    """Change what is given. Raises Forbidden, NotFound, PreconditionFailed, BadRequest when the username is taken."""
    require_editor(user_id, editor)
    before = await _lock(session, user_id, if_match=if_match)
    try:
        profile = await _change(session, user_id, changes, resources=resources)
    except IntegrityError:
        raise already_taken("username") from None
    if editor.user_id != user_id:
        _audit(session, editor, "user.update", before, profile)
    return profile


async def set_access(
    session: AsyncSession,
    user_id: int,
    changes: dict[str, Any],
    *,
    admin: Principal,
    if_match: str | None,
    resources: Resources,
) -> Profile:
    """Set role or activity; live tokens feel it at once. Raises Conflict for the last active administrator."""
    others = await _other_admins(session, user_id, actor=admin)
    before = await _lock(session, user_id, if_match=if_match)
    if not others and (changes.get("role") is Role.USER or changes.get("is_active") is False):
        raise Conflict(LAST_ADMIN, slug="last-admin")
    if changes.get("is_active") is False:  # or they would come back to life with the account
        await sessions.revoke_all(session, user_id=user_id, resources=resources)
        await api_tokens.revoke_all(session, user_id=user_id, resources=resources)
    profile = await _change(session, user_id, changes, resources=resources)
    _audit(session, admin, "user.access", before, profile)
    return profile


async def delete_user(
    session: AsyncSession, user_id: int, *, admin: Principal, if_match: str | None, resources: Resources
) -> None:
    """Remove a user with their posts and sessions. Raises NotFound, Conflict for the last active administrator."""
    others = await _other_admins(session, user_id, actor=admin)
    before = await _lock(session, user_id, if_match=if_match)
    if not others:
        raise Conflict(LAST_ADMIN, slug="last-admin")
    detail = audit.removal(before._asdict())
    audit.record(session, admin.user_id, "user.delete", f"user:{user_id}", detail)
    for listener in resources.get(RemovalListeners):
        await listener(session, user_id)
    await session.execute(delete(User).where(User.id == user_id))
    _forget_after_commit(session, user_id, resources)


async def _lock(session: AsyncSession, user_id: int, *, if_match: str | None) -> Profile:
    """Hold the user's row until the end of the transaction; check that it is the version the client knows."""
    row = (await session.execute(select(*PROFILE_COLUMNS).where(User.id == user_id).with_for_update())).one_or_none()
    if row is None:
        raise NotFound(NO_SUCH_USER)
    profile = Profile(*row)
    require_match(if_match, profile.version)
    return profile


async def _change(session: AsyncSession, user_id: int, changes: dict[str, Any], *, resources: Resources) -> Profile:
    if not changes:
        return Profile(*(await session.execute(select(*PROFILE_COLUMNS).where(User.id == user_id))).one())
    statement = (
        update(User)
        .where(User.id == user_id)
        .values(**changes, updated_at=utcnow(), version=User.version + 1)
        .returning(*PROFILE_COLUMNS)
        .execution_options(synchronize_session=False)
    )
    profile = Profile(*(await session.execute(statement)).one())
    if "avatar" in changes:
        await avatar_rows.release(session, user_id, but=profile.avatar)
    _forget_after_commit(session, user_id, resources)
    return profile


async def _other_admins(session: AsyncSession, user_id: int, *, actor: Principal) -> set[int]:
    """Lock the active administrators and return those who would be left without this user.

    So of two administrators who remove each other, the second is refused: no longer an administrator, they get
    Forbidden. Taken before any other lock and always in the same order, so that two cannot deadlock.
    """
    admins = await session.scalars(
        select(User.id).where(User.role == Role.ADMIN, User.is_active).order_by(User.id).with_for_update()
    )
    found = set(admins)
    if actor.user_id not in found:
        raise Forbidden("You are not an administrator any more.")
    return found - {user_id}


def _audit(session: AsyncSession, admin: Principal, action: str, before: Profile, after: Profile) -> None:
    changes = audit.differences(before._asdict(), after._asdict())
    if changes:
        audit.record(session, admin.user_id, action, f"user:{after.id}", changes)


def _forget_after_commit(session: AsyncSession, user_id: int, resources: Resources) -> None:
    """What shows the user is out of date once this is committed: their sessions, and what others keep of them."""
    sessions.forget_after_commit(session, user_id=user_id, resources=resources)
    for listener in resources.get(ProfileListeners):
        after_commit(session, listener)
