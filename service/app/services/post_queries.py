"""The statements behind lists of posts: who may see what, in which order, from where on.

A list is found in one of two ways. Dense ones (most rows qualify) walk the order's index until the page is full. Sparse
ones (a tag, an author, words, a status) first look at the next rows of that order, a bounded window; only if those do
not fill the page are all matches gathered and sorted, and then there are few: they were rare in the window. So the
cost depends on the page, not on the table, whatever the planner believes about how common a word is.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Literal, NamedTuple, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    String,
    Text,
    UnaryExpression,
    and_,
    bindparam,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    table,
    true,
    tuple_,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.sql.operators import custom_op

from app.core.database import Dialect
from app.core.fastread import Read
from app.core.pagination import MAX_DEPTH
from app.models import Post, PostStatus, Tag, User, post_tags
from app.models.base import UtcDateTime
from app.models.post import NEVER, PUBLISHED_ORDER
from app.schemas.post import PostSort
from app.services.post_rows import POST_COLUMNS, SUMMARY_COLUMNS, PostRow, SummaryRow

WINDOW = 1000
"""Rows of the order looked at before matches are gathered; more for later numbered pages."""


_FTS5 = table("posts_search", column("rowid", BigInteger), column("posts_search", String))


class Viewer(StrEnum):
    """Whose eyes a statement looks through."""

    ANYONE = "anyone"
    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What tells one list statement from another; everything else is a parameter."""

    dialect: Dialect
    viewer: Viewer
    sort: PostSort
    descending: bool
    status: PostStatus | None = None
    tag: bool = False
    author: bool = False
    search: bool = False
    after: Literal["start", "value", "never"] = "start"

    @property
    def own(self) -> bool:
        """Whether only the viewer's own posts can qualify."""
        return self.viewer is Viewer.USER and self.status not in {None, PostStatus.PUBLISHED}

    @property
    def sparse(self) -> bool:
        """Whether few rows may qualify."""
        some = self.status is not None and self.viewer is Viewer.ADMIN
        return self.tag or self.author or self.search or self.own or some


class Total(NamedTuple):
    rows: int


def visible(viewer: Viewer, post: Any = Post) -> ColumnElement[bool]:
    """The rows that ``viewer`` (bind ``viewer_id``) may see at the time ``now`` (bind)."""
    public = and_(post.status == PostStatus.PUBLISHED, post.published_at <= bindparam("now", type_=UtcDateTime))
    match viewer:
        case Viewer.ANYONE:
            return public
        case Viewer.USER:
            return or_(public, post.author_id == bindparam("viewer_id", type_=BigInteger))
        case Viewer.ADMIN:
            return true()


@lru_cache(maxsize=32)
def one(viewer: Viewer, by: Literal["id", "slug"]) -> Read[PostRow]:
    """A whole post, by bind ``id`` or ``slug``."""
    key = Post.id == bindparam("id") if by == "id" else Post.slug == bindparam("slug")
    return Read(PostRow.of, select(*POST_COLUMNS).join(User, User.id == Post.author_id).where(key, visible(viewer)))


@lru_cache(maxsize=2048)
def walk(shape: Shape) -> Read[SummaryRow]:
    """The page, along the index of its order."""
    posts = _posts(shape)
    if shape.dialect == "sqlite":
        posts.status, posts.published_at = _unindexed(Post.status), _unindexed(Post.published_at)
    found = select(Post.id).where(*_conditions(shape, posts), *_beyond(shape, posts))
    return _summaries(shape, _page(shape, found, posts))


@lru_cache(maxsize=2048)
def window(shape: Shape) -> Read[SummaryRow]:
    """The part of the page that lies in the next ``window`` (bind) rows of its order."""
    posts = _posts(shape)
    columns: list[ColumnElement[Any]] = [column.label(name) for name, column in vars(posts).items()]
    ahead = select(*columns).where(*_beyond(shape, posts)).order_by(*_order(shape, posts))
    rows = _columns(ahead.limit(bindparam("window", type_=Integer)).subquery("ahead"))
    return _summaries(shape, _page(shape, select(rows.id).where(*_conditions(shape, rows, probing=True)), rows))


@lru_cache(maxsize=2048)
def gather(shape: Shape) -> Read[SummaryRow]:
    """The page out of all matches."""
    posts = _posts(shape)
    matches = select(Post.id, posts.sort_key.label("sort_key")).where(
        *_conditions(shape, posts), *_beyond(shape, posts)
    )
    # Materialised, or the planner may walk after all.
    matching = cast(Any, matches.cte("matching")).prefix_with("MATERIALIZED").c
    return _summaries(shape, _page(shape, select(matching.id), matching))


@lru_cache(maxsize=2048)
def count(shape: Shape) -> Read[Total]:
    """How many match, up to where numbered pages end."""
    matching = select(Post.id).where(*_conditions(shape, _posts(shape)))
    return Read(Total, select(func.count()).select_from(matching.limit(MAX_DEPTH).subquery("matching")))


def _posts(shape: Shape) -> SimpleNamespace:
    """The columns of ``posts`` that decide whether and where a row is listed, by name."""
    by_date = shape.sort is PostSort.PUBLISHED_AT
    columns: dict[str, Any] = {
        "id": Post.id,
        "status": Post.status,
        "published_at": Post.published_at,
        "author_id": Post.author_id,
        "sort_key": PUBLISHED_ORDER if by_date else getattr(Post, shape.sort.value),
    }
    if shape.search and shape.dialect == "postgresql":
        columns["search"] = literal_column("posts.search", TSVECTOR)
    return SimpleNamespace(**columns)


def _conditions(shape: Shape, posts: Any, *, probing: bool = False) -> list[ColumnElement[bool]]:
    """What a row must be. ``probing`` asks row by row; otherwise matches may be found first."""
    conditions: list[ColumnElement[bool]] = []
    if shape.own:
        conditions.append(posts.author_id == bindparam("viewer_id", type_=BigInteger))  # of hidden ones, one's own
    else:
        conditions.append(visible(shape.viewer, posts))
    if shape.status is not None:
        conditions.append(posts.status == shape.status)
    if shape.author:
        conditions.append(posts.author_id == bindparam("author", type_=BigInteger))
    if shape.tag:
        tag_id = select(Tag.id).where(Tag.key == bindparam("tag", type_=String)).scalar_subquery()
        tagged = select(post_tags.c.post_id).where(post_tags.c.tag_id == tag_id)
        conditions.append(_within(tagged, post_tags.c.post_id, posts.id, probing=probing))
    if shape.search:
        conditions.append(_matches(shape, posts, probing=probing))
    return conditions


def _within(rows: Select[Any], key: ColumnElement[int], post_id: Any, *, probing: bool) -> ColumnElement[bool]:
    return exists(rows.where(key == post_id)) if probing else post_id.in_(rows)


def _matches(shape: Shape, posts: Any, *, probing: bool) -> ColumnElement[bool]:
    """Bind ``search``: the words as a user typed them (PostgreSQL), or :func:`fts5_query` of them (SQLite)."""
    words = bindparam("search", type_=String)
    if shape.dialect == "postgresql":
        plain = sql_cast(func.plainto_tsquery(literal_column("'simple'"), words), Text)
        # The last word may be unfinished: ':*' makes it a prefix. Nothing at all stays nothing.
        query = func.nullif(plain, literal_column("''"), type_=Text).concat(literal_column("':*'"))
        return posts.search.op("@@")(sql_cast(query, TSQUERY))
    # An FTS5 table has a hidden column of its own name, which stands for all of its columns.
    matching = select(_FTS5.c.rowid).where(_FTS5.c.posts_search.op("MATCH")(words))
    return _within(matching, _FTS5.c.rowid, posts.id, probing=probing)


def fts5_query(words: list[str]) -> str:
    """Every word, the last one as a prefix (https://sqlite.org/fts5.html §3)."""
    return " ".join(f'"{word}"' for word in words) + "*"


def _beyond(shape: Shape, posts: Any) -> list[ColumnElement[bool]]:
    """The rows after the cursor's."""
    if shape.after == "start":
        return []
    after_id = bindparam("after_id", type_=BigInteger)
    if shape.sort is PostSort.ID:
        return [posts.id < after_id if shape.descending else posts.id > after_id]
    value: ColumnElement[Any] = (
        literal_column(NEVER) if shape.after == "never" else bindparam("after_value", type_=posts.sort_key.type)
    )
    here, there = tuple_(posts.sort_key, posts.id), tuple_(value, after_id)
    return [here < there if shape.descending else here > there]


def _order(shape: Shape, posts: Any) -> list[ColumnElement[Any]]:
    keys = [posts.id] if shape.sort is PostSort.ID else [posts.sort_key, posts.id]
    return [key.desc() if shape.descending else key.asc() for key in keys]


def _unindexed(column: Any) -> ColumnElement[Any]:
    """SQLite's way to say that an index on this column is not wanted. Knowing no statistics, it would find the public
    posts by their status, nearly all of them, and sort those (https://sqlite.org/optoverview.html).
    """
    return UnaryExpression(column, operator=cast(Any, custom_op("+")), type_=column.type)


def _columns(rows: FromClause) -> Any:
    return rows.c


def _page(shape: Shape, found: Select[Any], posts: Any) -> Any:
    ordered = found.order_by(*_order(shape, posts))
    limited = ordered.limit(bindparam("limit", type_=Integer)).offset(bindparam("offset", type_=Integer))
    return limited.subquery("page")


def _summaries(shape: Shape, page: Any) -> Read[SummaryRow]:
    """Everything about the few rows of the page: joins and tags are looked up for them alone."""
    rows = select(*SUMMARY_COLUMNS).select_from(page).join(Post, Post.id == page.c.id)
    return Read(SummaryRow, rows.join(User, User.id == Post.author_id).order_by(*_order(shape, _posts(shape))))
