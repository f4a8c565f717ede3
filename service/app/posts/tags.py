"""Tags and how much they are used."""

from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, cast, delete, func, insert, literal_column, select
from sqlalchemy.orm import Session

from app.database.query import CompiledQuery
from app.database.reader import Reader
from app.kit.clock import utcnow
from app.models import Tag, TagTally, post_tags
from app.models.base import UtcDateTime
from app.models.listing import publication_order

MOST = 1000
"""Tags listed: the most used ones."""


class TagCount(NamedTuple):
    name: str
    post_count: int


def _counts() -> CompiledQuery[TagCount]:
    published = select(TagTally.tag_id, func.sum(TagTally.published).label("posts")).group_by(TagTally.tag_id)
    tallied = published.subquery("tallied")
    # Of each tag a look at the end of its index, where what is not due yet is; a join might read all of its posts.
    scheduled = select(func.count()).where(
        post_tags.c.tag_id == Tag.id,
        post_tags.c.status == literal_column("'published'"),
        publication_order("post_tags") > bindparam("now", type_=UtcDateTime),
    )
    posts = cast(tallied.c.posts - scheduled.scalar_subquery(), BigInteger).label("post_count")
    counts = select(Tag.name, posts).join(tallied, tallied.c.tag_id == Tag.id).subquery("counts").c
    listed = select(counts.name, counts.post_count).where(counts.post_count > 0)
    return CompiledQuery(TagCount, listed.order_by(counts.post_count.desc(), counts.name).limit(MOST))


_COUNTS = _counts()


async def list_tags(reader: Reader) -> list[dict[str, Any]]:
    """Every tag of a public post, the most used first."""
    return [count._asdict() for count in await reader.all(_COUNTS, now=utcnow())]


def fold_tallies(session: Session) -> None:
    """Make one tally of a tag's many. A tally added meanwhile neither waits nor is lost."""
    several = select(TagTally.tag_id).group_by(TagTally.tag_id).having(func.count() > 1)
    removed = delete(TagTally).where(TagTally.tag_id.in_(several)).returning(TagTally.tag_id, TagTally.published)
    sums: dict[int, int] = {}
    for tag_id, published in session.execute(removed, execution_options={"synchronize_session": False}):
        sums[tag_id] = sums.get(tag_id, 0) + published
    if sums:
        session.execute(insert(TagTally), [{"tag_id": tag, "published": count} for tag, count in sorted(sums.items())])
