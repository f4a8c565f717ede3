"""Tags and how much they are used."""

from typing import Any, NamedTuple

from sqlalchemy import func, select

from app.core.clock import utcnow
from app.core.fastread import Read, Reader
from app.models import Post, Tag, post_tags
from app.services.post_queries import Viewer, visible

MOST = 1000
"""Tags listed: the most used ones."""


class TagCount(NamedTuple):
    name: str
    post_count: int


_posts = func.count().label("post_count")
_COUNTS = Read(
    TagCount,
    select(Tag.name, _posts)
    .select_from(post_tags)
    .join(Post, Post.id == post_tags.c.post_id)
    .join(Tag, Tag.id == post_tags.c.tag_id)
    .where(visible(Viewer.ANYONE))
    .group_by(Tag.id, Tag.name)
    .order_by(_posts.desc(), Tag.name)
    .limit(MOST),
)


async def list_tags(reader: Reader) -> list[dict[str, Any]]:
    """Every tag of a public post, the most used first. Counting reads every one of their rows."""
    return [count._asdict() for count in await reader.all(_COUNTS, now=utcnow())]
