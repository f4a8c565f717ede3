"""The log of what happened to posts: written in the transaction of the change, read by the feed of every worker.

A change that is rolled back leaves no row, and one that is committed cannot be lost, whatever happens to the process
or to Redis. Ids are given in the order of INSERT, not of COMMIT: see :mod:`app.posts.events.feed`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Integer, String, bindparam, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, aliased

from app.database.query import CompiledQuery
from app.database.reader import Reader
from app.kit.clock import utcnow
from app.models import Audience, Post, PostEvent, PostStatus
from app.models.base import UtcDateTime
from app.records.outbox import enqueue

KEPT = timedelta(days=1)
"""How far back somebody who was away is told what they missed."""

MOST_READ = 1_000
"""Events read at once; who has missed more is told to read the posts anew."""

MOST_REMOVED = 100
"""Posts that are told one by one when they go with their author."""

ANNOUNCE = "posts.announce"


class Entry(NamedTuple):
    """A row of the log."""

    id: int
    post_id: int | None
    author_id: int | None
    version: int
    audience_before: str
    audience_after: str


class Span(NamedTuple):
    """The ids that the log has: the oldest and the newest, zeros when it is empty."""

    oldest: int
    newest: int


_COLUMNS = (
    PostEvent.id,
    PostEvent.post_id,
    PostEvent.author_id,
    PostEvent.version,
    type_coerce(PostEvent.audience_before, String),  # as plain text: the enum is not needed to compare
    type_coerce(PostEvent.audience_after, String),
)
_AFTER = CompiledQuery(
    Entry,
    select(*_COLUMNS)
    .where(PostEvent.id > bindparam("after", type_=BigInteger))
    .order_by(PostEvent.id)
    .limit(bindparam("limit", type_=Integer)),
)
_SPAN = CompiledQuery(Span, select(func.coalesce(func.min(PostEvent.id), 0), func.coalesce(func.max(PostEvent.id), 0)))


class _Id(NamedTuple):
    id: int


_NEWEST_UNTIL = CompiledQuery(
    _Id,
    select(PostEvent.id)
    .where(PostEvent.created_at < bindparam("until", type_=UtcDateTime))
    .order_by(PostEvent.id.desc())
    .limit(1),
)


def audience(status: str, published_at: datetime | None) -> Audience:
    """Who sees a post of this status now."""
    public = status == PostStatus.PUBLISHED and published_at is not None and published_at <= utcnow()
    return Audience.EVERYBODY if public else Audience.AUTHOR


def record(
    session: AsyncSession | Session, post_id: int, author_id: int, version: int, *, before: Audience, after: Audience
) -> None:
    """Write down a change of a post; it exists if and only if this session commits."""
    session.add(
        PostEvent(post_id=post_id, author_id=author_id, version=version, audience_before=before, audience_after=after)
    )


def announce_later(session: AsyncSession, post_id: int, status: str, published_at: datetime | None) -> None:
    """Have a publication that is still to come recorded when it comes: nobody writes then."""
    if status == PostStatus.PUBLISHED and published_at is not None and published_at > utcnow():
        enqueue(session, ANNOUNCE, post_id=post_id, published_at=published_at.isoformat()).run_at = published_at


async def record_removal_of_author(session: AsyncSession, author_id: int) -> None:
    """Write down that all posts of an author are about to go: each, or where they are many, in one row for all."""
    posts = select(Post.id, Post.version, Post.status, Post.published_at).where(Post.author_id == author_id)
    found = (await session.execute(posts.limit(MOST_REMOVED + 1))).all()
    if len(found) > MOST_REMOVED:
        record_upheaval(session)
        return
    for post_id, version, status, published_at in found:
        record(session, post_id, author_id, version, before=audience(status, published_at), after=Audience.NOBODY)


def record_upheaval(session: AsyncSession) -> None:
    """Write down that more has changed than is told one by one."""
    session.add(PostEvent(version=0, audience_before=Audience.EVERYBODY, audience_after=Audience.EVERYBODY))


def expired(now: datetime) -> ColumnElement[bool]:
    """The rows that may go. The newest stays: it tells how far the log has come."""
    newest = select(func.max(aliased(PostEvent).id)).scalar_subquery()
    return (PostEvent.created_at < now - KEPT) & (PostEvent.id < newest)


async def entries_after(reader: Reader, position: int, *, limit: int = MOST_READ) -> Sequence[Entry]:
    return await reader.all(_AFTER, after=position, limit=limit)


async def span(reader: Reader) -> Span:
    found = await reader.first(_SPAN)
    assert found is not None, "an aggregate has one row"
    return found


async def newest_until(reader: Reader, until: datetime) -> int:
    """The newest id of before a time; zero when there is none."""
    found = await reader.first(_NEWEST_UNTIL, until=until)
    return 0 if found is None else found.id
