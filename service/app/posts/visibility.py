"""Who may see which posts: one condition, part of every statement that reads or changes them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, and_, bindparam, literal_column, or_, true

from app.auth.principal import Principal
from app.models import Post, PostStatus
from app.models.base import UtcDateTime


class Viewer(StrEnum):
    """Whose eyes a statement looks through."""

    ANYONE = "anyone"
    USER = "user"
    ADMIN = "admin"


def viewer_of(user: Principal | None) -> Viewer:
    if user is None:
        return Viewer.ANYONE
    return Viewer.ADMIN if user.is_admin else Viewer.USER


def viewer_binds(user: Principal | None, now: datetime) -> dict[str, Any]:
    """The values of the binds in :func:`visible`."""
    match viewer_of(user):
        case Viewer.ANYONE:
            return {"now": now}
        case Viewer.USER:
            assert user is not None
            return {"now": now, "viewer_id": user.user_id}
        case Viewer.ADMIN:
            return {}


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """The rows of ``posts`` that ``viewer`` (bind ``viewer_id``) may see at the time ``now`` (bind)."""
    public = and_(*published(Post))
    match viewer:
        case Viewer.ANYONE:
            return public
        case Viewer.USER:
            return or_(public, Post.author_id == viewer_id_bind())
        case Viewer.ADMIN:
            return true()


def published(posts: Any) -> list[ColumnElement[bool]]:
    return [has_status(posts, PostStatus.PUBLISHED), posts.published_at <= now_bind()]


def has_status(posts: Any, status: PostStatus) -> ColumnElement[bool]:
    """Written out, not bound: a plan is made once for all values of its parameters."""
    return posts.status == literal_column(f"'{status}'", String)


def now_bind() -> Any:
    return bindparam("now", type_=UtcDateTime)


def viewer_id_bind() -> Any:
    return bindparam("viewer_id", type_=BigInteger)
