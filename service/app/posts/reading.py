"""Posts as their readers get them: JSON that is cached for the anonymous, and views that are counted."""

from datetime import datetime
from functools import partial
from typing import Any, Literal, NamedTuple

from sqlalchemy import bindparam, select

from app.auth.principal import Principal
from app.database.query import CompiledQuery
from app.database.reader import Reader
from app.http.cached_json import CachedJSON, CountedJSON
from app.http.pagination import PageRequest
from app.http.routing import Address
from app.kit.clock import utcnow
from app.kit.json import json_bytes
from app.models import Post, PostStatus
from app.models.base import UtcDateTime
from app.models.listing import publication_order
from app.posts import listing, tags
from app.posts import service as post_service
from app.posts.listing import PostFilter
from app.posts.response_cache import ResponseCache, cache_key
from app.posts.rows import PostRow, post_view
from app.posts.views import ViewCounter
from app.resources import Resources
from app.schemas.post import PostSort

VIEWS_LAG = 1.0
"""Seconds that a list by views may be behind the views it is sorted by."""


async def read(
    user: Principal | None,
    *,
    by: Literal["id", "slug"],
    key: int | str,
    address: Address,
    headers_only: bool,
    resources: Resources,
) -> CountedJSON:
    """One post. Raises NotFound.

    Being read counts a view: of a public post, by somebody other than its author, who gets more than the headers.
    """
    reader, views, items = resources.database.reader, resources.get(ViewCounter), resources.get(ResponseCache).items
    epoch = items.epoch
    row = await post_service.read(reader, user, by=by, key=key)
    post = row.summary
    counted = is_public(row) and (user is None or user.user_id != post.author_id)
    if not counted and views.pending(post.id):  # the author is told the exact number
        await views.flush()
        row = await post_service.read(reader, user, by=by, key=key)
    answer = CountedJSON(
        _json_but_for_views(row),
        row.summary.view_count + views.pending(post.id),
        route=address.route,
        version=post.version,
        public=user is None,
        on_read=partial(views.add, post.id) if counted and not headers_only else None,
    )
    cacheable = user is None and not headers_only and cache_key(address.path, address.query) == address.path
    if cacheable and address.path.endswith(f"/{key}"):  # /posts/007 is another address
        items.put(address.path, answer, epoch=epoch)
    return answer


async def read_page(
    user: Principal | None, wanted: PostFilter, request: PageRequest, *, address: Address, resources: Resources
) -> CachedJSON:
    """A page of posts. For the anonymous it is kept until somebody writes, or the next scheduled post is due."""
    by_views = wanted.sort is PostSort.VIEW_COUNT
    cache = resources.get(ResponseCache)

    async def load() -> tuple[CachedJSON, float | None]:  # and how many seconds it stays true
        if by_views:
            await resources.get(ViewCounter).flush()
        listed = await listing.list_page(resources.database, user, wanted, request, totals=cache.totals)
        page = CachedJSON(json_bytes(listed), route=address.route, public=user is None)
        if user is not None:
            return page, None
        due = await seconds_to_next_publication(resources.database.reader)
        return page, VIEWS_LAG if by_views and (due is None or due > VIEWS_LAG) else due

    if user is None:
        return await cache.pages.load(cache_key(address.path, address.query), load)
    page, _ = await load()
    return page


async def read_tags(*, address: Address, resources: Resources) -> CachedJSON:
    """The tags of public posts, with the number of posts."""

    async def load() -> tuple[CachedJSON, float | None]:
        reader = resources.database.reader
        content = json_bytes(await tags.list_tags(reader))
        return CachedJSON(content, route=address.route), await seconds_to_next_publication(reader)

    return await resources.get(ResponseCache).pages.load(address.path, load)


def written(row: PostRow, *, route: str) -> CountedJSON:
    """A post as its author gets it back after writing."""
    post = row.summary
    return CountedJSON(_json_but_for_views(row), post.view_count, route=route, version=post.version, public=False)


def is_public(row: PostRow) -> bool:
    """Whether anyone may see it now."""
    published_at = row.summary.published_at
    return row.summary.status == PostStatus.PUBLISHED and published_at is not None and published_at <= utcnow()


def _json_but_for_views(row: PostRow) -> bytes:
    view: dict[str, Any] = post_view(row)
    del view["view_count"]
    return json_bytes(view)[:-1] + b',"view_count":'


class Due(NamedTuple):
    published_at: datetime


_PUBLICATION = publication_order("posts")
_NEXT_DUE = CompiledQuery(
    Due,
    select(_PUBLICATION)
    .where(Post.status == PostStatus.PUBLISHED, bindparam("now", type_=UtcDateTime) < _PUBLICATION)
    .order_by(_PUBLICATION)
    .limit(1),
)


async def seconds_to_next_publication(reader: Reader) -> float | None:
    """How long lists stay true if nobody writes: until the next scheduled post is due."""
    now = utcnow()
    due = await reader.first(_NEXT_DUE, now=now)
    return None if due is None else (due.published_at - now).total_seconds()
