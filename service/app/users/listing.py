"""Lists of users: pages in every order, search, and the index-served statements behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select

from app.auth.principal import Principal
from app.auth.profiles import PROFILE_COLUMNS, Profile, view_for
from app.database.query import CompiledQuery, like_pattern
from app.database.reader import Reader
from app.http.errors import Forbidden
from app.http.pagination import (
    MAX_DEPTH,
    Order,
    PageRequest,
    Position,
    encode_cursor,
    known_total,
    page_of,
    page_request,
)
from app.models import User

MAX_WORDS = 5
"""Words of a search that may each be found in another column; what follows the last of them is one with it."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which users are wanted, in which order. `cursor` goes on where an earlier page ended."""

    page: int
    page_size: int
    cursor: str
    search: str
    sort_by: UserSort
    order: Order


async def list_users(reader: Reader, listing: Listing, *, viewer: Principal) -> dict[str, Any]:
    """A page of users as the viewer may see them. Only administrators match and sort by e-mail. Raises Forbidden.

    Every word that is searched for has to be part of some name: "ada love" finds Ada Lovelace.
    """
    if listing.sort_by is UserSort.EMAIL and not viewer.is_admin:
        raise Forbidden("Only administrators may sort by e-mail address.")
    sort = _SORTS[listing.sort_by]
    sort_name = f"{listing.sort_by}:{listing.order}"
    request = page_request(
        page=listing.page, page_size=listing.page_size, cursor=listing.cursor, sort=sort_name, kind=sort.kind
    )
    words = listing.search.split(maxsplit=MAX_WORDS - 1)
    binds: dict[str, Any] = {f"pattern{number}": like_pattern(word.rstrip()) for number, word in enumerate(words)}
    matching = (len(words), viewer.is_admin)
    read = _page(listing.sort_by, listing.order, *matching, resume=request.after is not None)
    place = _place(request, sort)
    rows = await reader.all(read, limit=request.page_size + 1, offset=request.offset, **binds, **place)
    total = await _total(reader, rows, request, matching, binds) if request.after is None else None
    shown = rows[: request.page_size]
    last = shown[-1] if shown else None
    cursor = encode_cursor(_position(last, listing.sort_by), sort=sort_name) if last else None
    items = [view_for(profile, viewer) for profile in shown]
    return page_of(rows, request=request, total=total, next_cursor=cursor, items=items)


@lru_cache
def _page(sort_by: UserSort, order: Order, words: int, by_email: bool, *, resume: bool) -> CompiledQuery[Profile]:
    sort = _SORTS[sort_by]
    keys = (sort.column,) if sort.unique else (sort.column, User.__table__.c.id)
    statement = _matching(select(*PROFILE_COLUMNS), words=words, by_email=by_email)
    if resume:
        statement = statement.where(_beyond(sort, order))
    descending = order is Order.DESC
    statement = statement.order_by(*(key.desc() if descending else key.asc() for key in keys))
    # What is searched for says whether the order's index or the trigrams' is the way.
    return CompiledQuery(
        Profile, statement.limit(bindparam("limit")).offset(bindparam("offset")), planned_anew=words > 0
    )


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
def _count(words: int, by_email: bool) -> CompiledQuery[int]:
    bounded = _matching(select(User.id), words=words, by_email=by_email).limit(MAX_DEPTH).subquery()
    return CompiledQuery(int, select(func.count()).select_from(bounded), planned_anew=words > 0)


def _matching(statement: Select[*tuple[Any, ...]], *, words: int, by_email: bool) -> Select[*tuple[Any, ...]]:
    columns = [User.username, User.first_name, User.last_name, *([User.email] if by_email else [])]
    for number in range(words):
        pattern = bindparam(f"pattern{number}", type_=User.username.type)
        statement = statement.where(or_(*(column.ilike(pattern, escape="\\") for column in columns)))
    return statement


async def _total(
    reader: Reader, rows: Sequence[Any], request: PageRequest, matching: tuple[int, bool], binds: dict[str, Any]
) -> int:
    known = known_total(len(rows), request)
    if known is None:
        known = await reader.first(_count(*matching), **binds)
    return known or 0


def _place(request: PageRequest, sort: _Sort) -> dict[str, Any]:
    """The binds of :func:`_beyond`."""
    if request.after is None:
        return {}
    return {"after": request.after.value, **({} if sort.unique else {"after_id": request.after.id})}


def _position(profile: Profile, sort_by: UserSort) -> Position:
    value = getattr(profile, sort_by.value)
    return Position(value.lower() if sort_by is UserSort.USERNAME else value, profile.id)
