"""Lists of posts, page by page."""

from dataclasses import dataclass
from typing import Any

from app.core.cache import Region
from app.core.clock import utcnow
from app.core.database import Database
from app.core.pagination import MAX_DEPTH, Order, PageRequest, Position, encode_cursor, known_total, page_of
from app.core.principal import Principal
from app.models import PostStatus
from app.models.tag import tag_key
from app.schemas.post import PostSort
from app.services import post_queries
from app.services.post_queries import WINDOW, Shape, Viewer
from app.services.post_rows import SummaryRow, summary_view
from app.services.post_service import viewer_binds, viewer_of
from app.services.post_text import words_of

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
    if _is_empty(wanted, viewer_of(user)):
        return page_of([], request=request, total=0, next_cursor=None, items=[])
    shape = _shape(database, user, wanted, request)
    binds = _binds(shape, user, wanted)
    rows = await _rows(database, shape, binds, request)
    total = None
    if request.after is None:
        total = known_total(len(rows), request)
        if total is None:
            total = await _total(database, shape, binds, totals=totals)
    shown = rows[: request.page_size]
    cursor = encode_cursor(_position(shown[-1], wanted.sort), sort=wanted.order_name) if shown else None
    items = [summary_view(row) for row in shown]
    return page_of(rows, request=request, total=total, next_cursor=cursor, items=items)


def _is_empty(wanted: PostFilter, viewer: Viewer) -> bool:
    """What needs no asking: nobody in particular sees no drafts, and no post holds no word."""
    hidden = viewer is Viewer.ANYONE and wanted.status not in {None, PostStatus.PUBLISHED}
    return hidden or (wanted.search is not None and not words_of(wanted.search))


def _shape(database: Database, user: Principal | None, wanted: PostFilter, request: PageRequest) -> Shape:
    after = request.after
    return Shape(
        dialect=database.dialect,
        viewer=viewer_of(user),
        sort=wanted.sort,
        descending=wanted.order is Order.DESC,
        status=wanted.status,
        tag=wanted.tag is not None,
        author=wanted.author is not None,
        search=wanted.search is not None,
        after="start" if after is None else "never" if after.value is None else "value",
    )


def _binds(shape: Shape, user: Principal | None, wanted: PostFilter) -> dict[str, Any]:
    binds = viewer_binds(user, utcnow())
    if shape.own:
        del binds["now"]  # hidden posts do not wait for a time
    if wanted.tag is not None:
        binds["tag"] = tag_key(wanted.tag.strip())
    if wanted.author is not None:
        binds["author"] = wanted.author
    if wanted.search is not None:
        words = words_of(wanted.search)
        binds["search"] = post_queries.fts5_query(words) if shape.dialect == "sqlite" else " ".join(words)
    return binds


async def _rows(database: Database, shape: Shape, binds: dict[str, Any], request: PageRequest) -> list[SummaryRow]:
    """The rows of the page and, if there is one, the row after it."""
    limit = request.page_size + 1
    where: dict[str, Any] = {**binds, "limit": limit, "offset": request.offset}
    if request.after is not None:
        where["after_id"] = request.after.id
        if shape.after == "value" and shape.sort is not PostSort.ID:
            where["after_value"] = request.after.value
    if not shape.sparse:
        return await database.reader.all(post_queries.walk(shape), **where)
    ahead = WINDOW + 40 * request.offset
    rows = await database.reader.all(post_queries.window(shape), **where, window=ahead)
    return rows if len(rows) == limit else await database.reader.all(post_queries.gather(shape), **where)


async def _total(database: Database, shape: Shape, binds: dict[str, Any], *, totals: Region[int]) -> int:
    without_now = sorted((name, value) for name, value in binds.items() if name != "now")
    key = f"{shape.viewer}:{shape.status}:{without_now}"
    if (known := totals.get(key)) is not None:
        return known
    epoch = totals.epoch
    counted = await database.reader.first(post_queries.count(shape), **binds)
    assert counted is not None
    if counted.rows >= MANY:
        totals.put(key, counted.rows, epoch=epoch, ttl=None if counted.rows == MAX_DEPTH else MANY_TTL)
    return counted.rows


def _position(row: SummaryRow, sort: PostSort) -> Position:
    return Position(getattr(row, sort.value), row.id)
