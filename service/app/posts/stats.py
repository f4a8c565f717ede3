"""What a user has written, counted."""

from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, select

from app.auth.principal import Principal
from app.auth.profiles import NO_SUCH_USER, PROFILE_COLUMNS, Profile, view_for
from app.database.query import CompiledQuery
from app.http.errors import NotFound
from app.kit.clock import utcnow
from app.models import Post, PostStatus, User
from app.posts.views import ViewCounter
from app.resources import Resources


class Stats(NamedTuple):
    total_posts: int
    published_posts: int
    draft_posts: int
    archived_posts: int
    total_views: int


async def read_stats(user_id: int, *, viewer: Principal | None, resources: Resources) -> dict[str, Any]:
    """A user and what they have written, in one query. Raises NotFound.

    Drafts, and posts scheduled for later, are counted for their author and administrators only.
    """
    all_of_it = viewer is not None and (viewer.is_admin or viewer.user_id == user_id)
    binds: dict[str, Any] = {} if all_of_it else {"now": utcnow()}
    await resources.get(ViewCounter).flush()  # those counted but not stored yet
    row = await resources.database.reader.first(_stats(all_of_it), user_id=user_id, **binds)
    if row is None:
        raise NotFound(NO_SUCH_USER)
    profile, stats = row
    average = round(stats.total_views / stats.total_posts, 2) if stats.total_posts else 0.0
    return {"user": view_for(profile, viewer), **stats._asdict(), "average_views": average}


@lru_cache
def _stats(all_of_it: bool) -> CompiledQuery[tuple[Profile, Stats]]:
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
    return CompiledQuery(_split_stats, statement)


def _split_stats(*row: Any) -> tuple[Profile, Stats]:
    width = len(PROFILE_COLUMNS)
    return Profile(*row[:width]), Stats(*(int(number) for number in row[width:]))
