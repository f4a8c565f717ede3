"""Lists of posts, page by page."""

from dataclasses import dataclass
from typing import Any, TypeVar

from app.auth.principal import Principal
from app.cache.cache import Region
from app.database.engine import Database
from app.database.query import CompiledQuery
from app.http.pagination import (
    MAX_DEPTH,
    Order,
    PageRequest,
    Position,
    encode_cursor,
    known_total,
    page_of,
)
from app.kit.clock import utcnow
from app.models import PostStatus
from app.models.tag import tag_key
from app.posts import queries
from app.posts.queries import MAX_MATCHES, Shape
from app.posts.rows import SummaryRow, summary_view
from app.posts.text import words_of
from app.posts.visibility import viewer_of
from app.schemas.post import PostSort

T = TypeVar("T")

WINDOW = 1000
"""Posts of the order that a search looks at first; more for later numbered pages."""
WIDEST = 4
"""… and if some match, at up to this many times more, rather than at all matches."""
FARTHEST = 12
"""… or this many, where two indexes find the matches among them; reading some thousand matches takes no longer."""

SAMPLE = 200
"""Posts that tell whether a word is common, before its matches are counted."""

MANY = 1000
MANY_TTL = 10.0
"""A total of so many or more may be so many seconds old: counting them costs more than the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFilter:
    """Which posts, in which order."""

    sort: PostSort
    order: Order
    search: str | None = None
    status: PostStatus | None = None
    tag: str | None = None
    author: int | None = None

    @property
    def order_name(self) -> str:
        """What a cursor of this order is marked with."""
        return f"posts:{self.sort}:{self.order}"


async def list_page(
    database: Database, user: Principal | None, wanted: PostFilter, request: PageRequest, *, totals: Region[int]
) -> dict[str, Any]:
    """A page as it is sent. ``totals`` remembers large counts."""
    if _is_empty(wanted, user):
        return page_of([], request=request, total=0, next_cursor=None, items=[])
    shape = _shape(database, user, wanted, request)
    binds = _binds(shape, user, wanted)
    if request.after is None:
        rows, total = await _numbered(database, shape, binds, request, totals=totals)
    else:
        rows, total = await _rows(database, shape, binds, request), None
    shown = rows[: request.page_size]
    cursor = encode_cursor(_position(shown[-1], wanted.sort), sort=wanted.order_name) if shown else None
    items = [summary_view(row) for row in shown]
    return page_of(rows, request=request, total=total, next_cursor=cursor, items=items)


def _is_empty(wanted: PostFilter, user: Principal | None) -> bool:
    """Whether the list is empty without a query: unpublished posts of others, or a search without a word in it."""
    others = user is None or (not user.is_admin and wanted.author not in {None, user.user_id})
    hidden = others and wanted.status not in {None, PostStatus.PUBLISHED}
    return hidden or (wanted.search is not None and not words_of(wanted.search))


def _shape(database: Database, user: Principal | None, wanted: PostFilter, request: PageRequest) -> Shape:
    after = request.after
    author = "anyone" if wanted.author is None else "someone"
    return Shape(
        dialect=database.dialect,
        viewer=viewer_of(user),
        sort=wanted.sort,
        descending=wanted.order is Order.DESC,
        status=wanted.status,
        tag=wanted.tag is not None,
        author="viewer" if user is not None and wanted.author == user.user_id else author,
        search=wanted.search is not None,
        after="start" if after is None else "never" if after.value is None else "value",
    )


def _binds(shape: Shape, user: Principal | None, wanted: PostFilter) -> dict[str, Any]:
    """Values for every bind that a statement of this shape may have."""
    binds: dict[str, Any] = {"now": utcnow()}
    if user is not None:
        binds["viewer_id"] = user.user_id
    if wanted.tag is not None:
        binds["tag"] = tag_key(wanted.tag.strip())
    if wanted.author is not None:
        binds["author"] = wanted.author
    if wanted.search is not None:
        words = words_of(wanted.search)
        binds["search"] = queries.fts5_query(words) if shape.dialect == "sqlite" else " ".join(words)
    return binds


async def _numbered(
    database: Database, shape: Shape, binds: dict[str, Any], request: PageRequest, *, totals: Region[int]
) -> tuple[list[SummaryRow], int]:
    """The rows of a numbered page, as of :func:`_rows`, and the total."""
    key = _total_key(shape, binds)
    known, epoch = totals.get(key), totals.epoch
    if known is None and not shape.search:
        counted = await _run(database, queries.page_with_total(shape), _page_binds(binds, request))
        if counted:
            known = counted[0][0]
            _remember(totals, key, known, most=MAX_DEPTH, epoch=epoch)
            return [row for _, row in counted], known
        rows: list[SummaryRow] = []
    else:
        rows = await _rows(database, shape, binds, request)
    told = known_total(len(rows), request)
    if told is None:
        told = known if known is not None else await _total(database, shape, binds, key, totals=totals)
    return rows, told


async def _rows(database: Database, shape: Shape, binds: dict[str, Any], request: PageRequest) -> list[SummaryRow]:
    """The rows of the page and, if there is one, the row after it."""
    where = _page_binds(binds, request)
    limit, offset = where["limit"], where["offset"]
    if request.after is not None:
        where["after_id"] = request.after.id
        if shape.after == "value" and shape.sort is not PostSort.ID:
            where["after_value"] = request.after.value
    if not shape.search:
        return await _run(database, queries.page_by_index(shape), where)
    ahead = WINDOW + 10 * offset
    rows = await _run(database, queries.page_in_window(shape), {**where, "window": ahead})
    if len(rows) == limit:
        return rows
    by_index = shape.dialect == "postgresql" and not shape.tag
    if rows and (wider := 2 * ahead * limit // len(rows)) <= (FARTHEST if by_index else WIDEST) * ahead:
        further = queries.page_in_range if by_index else queries.page_in_window
        rows = await _run(database, further(shape), {**where, "window": wider})
    return rows if len(rows) == limit else await _run(database, queries.page_of_matches(shape), where)


def _page_binds(binds: dict[str, Any], request: PageRequest) -> dict[str, Any]:
    limit, offset = request.page_size + 1, request.offset
    return {**binds, "limit": limit, "offset": offset, "reach": offset + limit}


async def _run(database: Database, query: CompiledQuery[T], values: dict[str, Any]) -> list[T]:
    """The rows of ``query``, given those of ``values`` that it asks for."""
    binds = query.compiled(database.reader.dialect).binds
    return await database.reader.all(query, **{name: values[name] for name in binds})


def _total_key(shape: Shape, binds: dict[str, Any]) -> str:
    without_now = sorted((name, value) for name, value in binds.items() if name != "now")
    return f"{shape.viewer}:{shape.status}:{without_now}"


async def _total(database: Database, shape: Shape, binds: dict[str, Any], key: str, *, totals: Region[int]) -> int:
    """The total, counted, and remembered under ``key`` where that was work."""
    epoch = totals.epoch
    rows = await (_matches(database, shape, binds) if shape.search else _count(database, shape, binds))
    most = MAX_MATCHES if shape.search else MAX_DEPTH
    _remember(totals, key, rows, most=most, epoch=epoch)
    return rows


def _remember(totals: Region[int], key: str, total: int, *, most: int, epoch: int) -> None:
    if total >= MANY:
        totals.put(key, total, epoch=epoch, ttl=None if total == most else MANY_TTL)


async def _count(database: Database, shape: Shape, binds: dict[str, Any]) -> int:
    (counted,) = await _run(database, queries.count(shape), binds)
    return counted.rows


async def _matches(database: Database, shape: Shape, binds: dict[str, Any]) -> int:
    """What a search matches. Of common words even the index's list of posts is long, but enough of them come soon."""
    ahead = queries.count_in_window(shape)
    (sample,) = await _run(database, ahead, {**binds, "window": SAMPLE})
    if sample.rows * 10 >= SAMPLE:
        (counted,) = await _run(database, ahead, {**binds, "window": 2 * MAX_MATCHES * SAMPLE // sample.rows})
        if counted.rows == MAX_MATCHES:
            return MAX_MATCHES
    return await _count(database, shape, binds)


def _position(row: SummaryRow, sort: PostSort) -> Position:
    return Position(getattr(row, sort.value), row.id)
