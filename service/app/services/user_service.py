"""People: found, shown, changed, given and refused access, removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utcnow
from app.core.context import current_request_id
from app.core.database import after_commit
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.etag import require_match
from app.core.fastread import Read, Reader
from app.core.pagination import (
    MAX_DEPTH,
    Order,
    PageRequest,
    Position,
    encode_cursor,
    known_total,
    page_of,
    page_request,
)
from app.core.principal import Principal
from app.core.resources import Resources
from app.models import AuditEvent, Post, PostStatus, Role, User
from app.services import session_service
from app.services.auth_service import already_taken
from app.services.profiles import PROFILE_COLUMNS, Profile, view_for

NO_SUCH_USER = "There is no user with this id."
LAST_ADMIN = "This is the last active administrator: make another one first."


class UserSort(StrEnum):
    ID = "id"
    USERNAME = "username"
    EMAIL = "email"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


@dataclass(frozen=True, slots=True)
class _Sort:
    column: ColumnElement[Any]
    kind: type
    unique: bool


_SORTS: dict[UserSort, _Sort] = {
    UserSort.ID: _Sort(User.__table__.c.id, int, unique=True),
    UserSort.USERNAME: _Sort(func.lower(User.username), str, unique=True),
    UserSort.EMAIL: _Sort(User.__table__.c.email, str, unique=True),
    UserSort.CREATED_AT: _Sort(User.__table__.c.created_at, datetime, unique=False),
    UserSort.UPDATED_AT: _Sort(User.__table__.c.updated_at, datetime, unique=False),
}


class Stats(NamedTuple):
    total_posts: int
    published_posts: int
    draft_posts: int
    archived_posts: int
    total_views: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which users are wanted, in which order. `cursor` goes on where an earlier page ended."""

    page: int
    page_size: int
    cursor: str | None
    search: str | None
    sort_by: UserSort
    order: Order


_PROFILE = Read(Profile, select(*PROFILE_COLUMNS).where(User.id == bindparam("user_id")))


async def read_profile(reader: Reader, user_id: int) -> Profile:
    """Anyone's profile; what of it may be shown is decided by :func:`view_for`. Raises NotFound."""
    profile = await reader.first(_PROFILE, user_id=user_id)
    if profile is None:
        raise NotFound(NO_SUCH_USER)
    return profile


async def list_users(reader: Reader, listing: Listing, *, viewer: Principal) -> dict[str, Any]:
    """A page of users as the viewer may see them. Only administrators match and sort by e-mail. Raises Forbidden."""
    if listing.sort_by is UserSort.EMAIL and not viewer.is_admin:
        raise Forbidden("Only administrators may sort by e-mail address.")
    sort = _SORTS[listing.sort_by]
    sort_name = f"{listing.sort_by}:{listing.order}"
    request = page_request(
        page=listing.page, page_size=listing.page_size, cursor=listing.cursor, sort=sort_name, kind=sort.kind
    )
    search = (listing.search or "").strip()
    binds: dict[str, Any] = {"pattern": like_pattern(search)} if search else {}
    matching = (bool(search), viewer.is_admin)
    after: dict[str, Any] = {"after": request.after.value, "after_id": request.after.id} if request.after else {}
    read = _page(listing.sort_by, listing.order, *matching, resume=request.after is not None)
    rows = await reader.all(read, limit=request.page_size + 1, offset=request.offset, **binds, **after)
    total = await _total(reader, rows, request, matching, binds) if request.after is None else None
    shown = rows[: request.page_size]
    last = shown[-1] if shown else None
    cursor = encode_cursor(_position(last, listing.sort_by), sort=sort_name) if last else None
    items = [view_for(profile, viewer) for profile in shown]
    return page_of(rows, request=request, total=total, next_cursor=cursor, items=items)


async def read_stats(reader: Reader, user_id: int, *, viewer: Principal | None) -> dict[str, Any]:
    """A user and what they have written, in one query. Raises NotFound.

    Drafts, and posts scheduled for later, are counted for their author and administrators only.
    """
    all_of_it = viewer is not None and (viewer.is_admin or viewer.user_id == user_id)
    binds: dict[str, Any] = {} if all_of_it else {"now": utcnow()}
    row = await reader.first(_stats(all_of_it), user_id=user_id, **binds)
    if row is None:
        raise NotFound(NO_SUCH_USER)
    profile, stats = row
    average = round(stats.total_views / stats.total_posts, 2) if stats.total_posts else 0.0
    return {"user": view_for(profile, viewer), **stats._asdict(), "average_views": average}


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
    if not (editor.is_admin or editor.user_id == user_id):
        raise Forbidden("Only the user and administrators may change a profile.")
    await _lock(session, user_id, if_match=if_match)
    try:
        return await _change(session, user_id, changes, resources=resources)
    except IntegrityError:
        raise already_taken("username") from None


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
    if changes.get("role") is Role.USER or changes.get("is_active") is False:
        await _refuse_last_admin(session, user_id)
    await _lock(session, user_id, if_match=if_match)
    if changes.get("is_active") is False:  # or they would come back to life with the account
        await session_service.revoke_all(session, user_id=user_id, resources=resources)
    profile = await _change(session, user_id, changes, resources=resources)
    _audit(session, admin, "user.access", user_id, {name: str(value) for name, value in changes.items()})
    return profile


async def delete_user(
    session: AsyncSession, user_id: int, *, admin: Principal, if_match: str | None, resources: Resources
) -> None:
    """Remove a user with their posts and sessions. Raises NotFound, Conflict for the last active administrator."""
    await _refuse_last_admin(session, user_id)
    await _lock(session, user_id, if_match=if_match)
    _audit(session, admin, "user.delete", user_id)
    await session.flush()
    await session.execute(delete(User).where(User.id == user_id))
    _forget_after_commit(session, user_id, resources)


def like_pattern(text: str) -> str:
    r"""A LIKE pattern that finds `text` anywhere, whatever it holds; for `escape="\"`."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


@lru_cache
def _page(sort_by: UserSort, order: Order, search: bool, by_email: bool, *, resume: bool) -> Read[Profile]:
    sort = _SORTS[sort_by]
    keys = (sort.column,) if sort.unique else (sort.column, User.__table__.c.id)
    statement = _matching(select(*PROFILE_COLUMNS), search=search, by_email=by_email)
    if resume:
        statement = statement.where(_beyond(sort, order))
    descending = order is Order.DESC
    statement = statement.order_by(*(key.desc() if descending else key.asc() for key in keys))
    return Read(Profile, statement.limit(bindparam("limit")).offset(bindparam("offset")))


def _beyond(sort: _Sort, order: Order) -> ColumnElement[bool]:
    """After the position in this order: the form that an index serves on both databases."""
    user_id = User.__table__.c.id
    after = bindparam("after", type_=sort.column.type)
    after_id = bindparam("after_id", type_=user_id.type)
    if order is Order.DESC:
        outer, inner = sort.column <= after, (sort.column < after) | (user_id < after_id)
    else:
        outer, inner = sort.column >= after, (sort.column > after) | (user_id > after_id)
    if sort.unique:
        return sort.column < after if order is Order.DESC else sort.column > after
    return and_(outer, inner)


@lru_cache
def _count(search: bool, by_email: bool) -> Read[int]:
    bounded = _matching(select(User.id), search=search, by_email=by_email).limit(MAX_DEPTH).subquery()
    return Read(int, select(func.count()).select_from(bounded))


def _matching(statement: Select[*tuple[Any, ...]], *, search: bool, by_email: bool) -> Select[*tuple[Any, ...]]:
    if not search:
        return statement
    columns = [User.username, User.first_name, User.last_name, *([User.email] if by_email else [])]
    pattern = bindparam("pattern", type_=User.username.type)
    return statement.where(or_(*(column.ilike(pattern, escape="\\") for column in columns)))


async def _total(
    reader: Reader, rows: Sequence[Any], request: PageRequest, matching: tuple[bool, bool], binds: dict[str, Any]
) -> int:
    known = known_total(len(rows), request)
    if known is None:
        known = await reader.first(_count(*matching), **binds)
    return known or 0


def _position(profile: Profile, sort_by: UserSort) -> Position:
    value = getattr(profile, sort_by.value)
    return Position(value.lower() if sort_by is UserSort.USERNAME else value, profile.id)


@lru_cache
def _stats(all_of_it: bool) -> Read[tuple[Profile, Stats]]:
    published = Post.status == PostStatus.PUBLISHED
    counted: ColumnElement[bool] = Post.id.is_not(None)
    if not all_of_it:
        counted = (published & (Post.published_at <= bindparam("now"))) | (Post.status == PostStatus.ARCHIVED)
    statement = (
        select(
            *PROFILE_COLUMNS,
            func.count(Post.id).filter(counted),
            func.count(Post.id).filter(counted & published),
            func.count(Post.id).filter(counted & (Post.status == PostStatus.DRAFT)),
            func.count(Post.id).filter(counted & (Post.status == PostStatus.ARCHIVED)),
            func.coalesce(func.sum(Post.view_count).filter(counted), 0),
        )
        .outerjoin(Post, Post.author_id == User.id)
        .where(User.id == bindparam("user_id"))
        .group_by(User.id)
    )
    return Read(_split_stats, statement)


def _split_stats(*row: Any) -> tuple[Profile, Stats]:
    width = len(PROFILE_COLUMNS)
    return Profile(*row[:width]), Stats(*(int(number) for number in row[width:]))


async def _lock(session: AsyncSession, user_id: int, *, if_match: str | None) -> None:
    """Hold the user's row until the end of the transaction; check that it is the version the client knows."""
    version = await session.scalar(select(User.version).where(User.id == user_id).with_for_update())
    if version is None:
        raise NotFound(NO_SUCH_USER)
    require_match(if_match, version)


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
    _forget_after_commit(session, user_id, resources)
    return profile


async def _refuse_last_admin(session: AsyncSession, user_id: int) -> None:
    """Lock the active administrators, so that of two who remove each other one is refused. Raises Conflict.

    Before any other lock, and in one order: two who each hold what the other wants would be a deadlock.
    """
    admins = await session.scalars(
        select(User.id).where(User.role == Role.ADMIN, User.is_active).order_by(User.id).with_for_update()
    )
    if set(admins) == {user_id}:
        raise Conflict(LAST_ADMIN, slug="last-admin")


def _audit(
    session: AsyncSession, actor: Principal, action: str, user_id: int, detail: dict[str, Any] | None = None
) -> None:
    session.add(
        AuditEvent(
            actor_id=actor.user_id,
            action=action,
            target=f"user:{user_id}",
            detail=detail,
            request_id=current_request_id(),
        )
    )


def _forget_after_commit(session: AsyncSession, user_id: int, resources: Resources) -> None:
    """Sessions and cached posts show the user: both are made anew once this is committed."""
    session_service.forget_after_commit(session, user_id=user_id, resources=resources)
    after_commit(session, resources.hot.forget_author)
