"""The statements behind lists of posts: which posts, in which order, from where on.

What a viewer may see (:mod:`app.posts.visibility`) is a few disjoint parts, such as "everybody's published posts" and
"my drafts". Each part is read along the index of its order (:mod:`app.models.listing`), and the parts are merged: so a
page costs the same at any number of posts. Words have no such index. A search looks at the next posts of its order, a
bounded window; where they do not fill the page, all matches are collected and sorted, and then there are few: they were
rare in the window.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Literal, NamedTuple, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Select,
    String,
    Text,
    UnaryExpression,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    tuple_,
    union_all,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.sql.operators import custom_op

from app.database.engine import Dialect
from app.database.query import CompiledQuery
from app.http.pagination import MAX_DEPTH, MAX_PAGE_SIZE
from app.models import Post, PostStatus, Tag, User, post_tags
from app.models.listing import NEVER, publication_order
from app.posts.rows import POST_COLUMNS, SUMMARY_COLUMNS, PostRow, SummaryRow
from app.posts.visibility import Viewer, has_status, now_bind, published, viewer_id_bind, visible
from app.schemas.post import PostSort

MAX_MATCHES = 1_000
"""Where counting what a search matches stops: each is a post to look at, not an entry of an index."""

_FTS5 = table("posts_search", column("rowid", BigInteger), column("posts_search", String))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What distinguishes one list statement from another; everything else is a parameter."""

    dialect: Dialect
    viewer: Viewer
    sort: PostSort
    descending: bool
    status: PostStatus | None = None
    tag: bool = False
    author: Literal["anyone", "someone", "viewer"] = "anyone"
    search: bool = False
    after: Literal["start", "value", "never"] = "start"


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the posts that a viewer may see, disjoint from the other parts. ``indexed``: an index has their order."""

    conditions: Sequence[ColumnElement[bool]]
    indexed: bool


class Total(NamedTuple):
    rows: int


@lru_cache(maxsize=32)
def select_one(viewer: Viewer, by: Literal["id", "slug"]) -> CompiledQuery[PostRow]:
    """A whole post, by bind ``id`` or ``slug``."""
    key = Post.id == bindparam("id") if by == "id" else Post.slug == bindparam("slug")
    posts = select(*POST_COLUMNS).join(User, User.id == Post.author_id)
    return CompiledQuery(PostRow.of, posts.where(key, visible(viewer)))


@lru_cache(maxsize=2048)
def page_by_index(shape: Shape) -> CompiledQuery[SummaryRow]:
    """The page. Binds ``limit``, ``offset`` and their sum, ``reach``."""
    rows = _merged(shape, bindparam("reach", type_=Integer)).subquery("listed").c
    return _summaries(shape, select(rows.id), rows)


@lru_cache(maxsize=2048)
def page_with_total(shape: Shape) -> CompiledQuery[tuple[int, SummaryRow]]:
    """The same, each row after the total: one round trip, where it has to be counted."""
    page = cast("Select[Any]", page_by_index(shape).statement)
    total = cast("Select[Any]", count(shape).statement).scalar_subquery()
    return CompiledQuery(_after_total, page.with_only_columns(total, *SUMMARY_COLUMNS))


def _after_total(total: int, *columns: Any) -> tuple[int, SummaryRow]:
    return total, SummaryRow.of(*columns)


@lru_cache(maxsize=2048)
def page_in_window(shape: Shape) -> CompiledQuery[SummaryRow]:
    """The part of a search's page that lies in the next ``window`` (bind) posts of its order."""
    found, rows = _in_window(shape)
    return _summaries(shape, found, rows)


@lru_cache(maxsize=2048)
def page_in_range(shape: Shape) -> CompiledQuery[SummaryRow]:
    """A search's page out of those matches that lie in the next ``window`` (bind) posts of its order, on PostgreSQL.

    The order's index tells where they begin and end; that index and the words' together, which of those in between
    match: so it looks through many more posts than :func:`page_in_window` could read. Empty if there are not so many.
    """
    begin = _merged(shape, literal_column("1")).subquery("begin").c
    # Any end will do, so the one that a single index tells: where the window ends for everybody.
    public = replace(shape, viewer=Viewer.ANYONE, status=None)
    ahead = _merged(public, bindparam("window", type_=Integer)).subquery("ahead").c
    end = select(ahead.sort_key).order_by(*_order(shape, ahead)).offset(bindparam("window", type_=Integer) - 1).limit(1)
    bounds = select(begin.sort_key).scalar_subquery(), end.scalar_subquery()
    low, high = reversed(bounds) if shape.descending else bounds
    posts = _columns(Post, shape)
    parts = or_(*(and_(*part.conditions) for part in _parts(shape, posts)))  # each says all that its index begins with
    return _sorted_matches(shape, [parts, _matches(shape), posts.sort_key.element.between(low, high)])


@lru_cache(maxsize=2048)
def page_of_matches(shape: Shape) -> CompiledQuery[SummaryRow]:
    """A search's page out of all matches."""
    return _sorted_matches(shape, _matching(shape))


def _sorted_matches(shape: Shape, conditions: Sequence[ColumnElement[bool]]) -> CompiledQuery[SummaryRow]:
    posts = _columns(Post, shape)
    found = select(posts.id, posts.sort_key).where(*conditions, *_after_cursor(shape, posts))
    # Materialised, or the planner may read along the index after all.
    matching = cast(Any, found.cte("matching")).prefix_with("MATERIALIZED").c
    return _summaries(shape, select(matching.id), matching)


@lru_cache(maxsize=2048)
def count(shape: Shape) -> CompiledQuery[Total]:
    """How many match, up to where counting stops."""
    if shape.search:
        return _total(select(Post.id).where(*_matching(shape)), MAX_MATCHES)
    posts = _columns(_source(shape), shape)
    parts = [select(posts.id).where(*part.conditions).limit(MAX_DEPTH) for part in _parts(shape, posts)]
    return _total(_together(parts), MAX_DEPTH)


@lru_cache(maxsize=2048)
def count_in_window(shape: Shape) -> CompiledQuery[Total]:
    """How many of the next ``window`` (bind) posts of its order a search matches, up to where counting stops."""
    found, _ = _in_window(shape)
    return _total(found, MAX_MATCHES)


def _total(found: Any, most: int) -> CompiledQuery[Total]:
    return CompiledQuery(Total, select(func.count()).select_from(found.limit(most).subquery("found")))


def _in_window(shape: Shape) -> tuple[Select[Any], Any]:
    """What a search matches of the next ``window`` (bind) posts, and the columns to sort it by."""
    rows = _merged(shape, bindparam("window", type_=Integer)).subquery("ahead").c
    if shape.dialect == "sqlite":
        return select(rows.id).where(_matches(shape, rows.id)), rows
    # Asked post by post: joined, a planner that does not know how few they are would gather all matches first.
    matches = select(_matches(shape)).where(Post.id == rows.id).scalar_subquery()
    return select(rows.id).where(matches), rows


def _source(shape: Shape) -> Any:
    """Where the posts are found: a tag's in ``post_tags``, which has what they are sorted by too."""
    return post_tags.c if shape.tag else Post


def _columns(source: Any, shape: Shape) -> SimpleNamespace:
    """The columns that decide whether and where a row is listed, by name."""
    of_tag = source is post_tags.c
    row_id = source.post_id if of_tag else source.id
    published_order = publication_order("post_tags" if of_tag else "posts")
    sort_keys = {PostSort.ID: row_id, PostSort.PUBLISHED_AT: published_order}
    sort_key = sort_keys[shape.sort] if shape.sort in sort_keys else getattr(source, shape.sort.value)
    return SimpleNamespace(
        id=row_id.label("id"),
        sort_key=sort_key.label("sort_key"),
        published_order=published_order,
        status=source.status,
        published_at=source.published_at,
        author_id=source.author_id,
    )


def _parts(shape: Shape, posts: Any) -> list[Part]:
    """What a list is made of; posts of one status each, because that is how their indexes begin."""
    tagged: list[ColumnElement[bool]] = []
    if shape.tag:
        tagged = [
            post_tags.c.tag_id == select(Tag.id).where(Tag.key == bindparam("tag", type_=String)).scalar_subquery()
        ]
    wanted = [status for status in PostStatus if shape.status in {None, status}]
    author = {
        "anyone": [],
        "someone": [posts.author_id == bindparam("author", type_=BigInteger)],
        "viewer": [posts.author_id == viewer_id_bind()],
    }[shape.author]
    of_author = not (shape.tag and author)  # a tag's posts of one author are few, and sorted when found
    if shape.viewer is Viewer.ADMIN or shape.author == "viewer":
        return [Part([*tagged, *author, has_status(posts, status)], of_author) for status in wanted]
    parts: list[Part] = []
    if PostStatus.PUBLISHED in wanted:
        parts.append(Part([*tagged, *author, *published(posts), *_public_range(shape, posts)], of_author))
    if shape.viewer is Viewer.USER and shape.author == "anyone":
        own = posts.author_id == viewer_id_bind()
        for status in wanted:
            if status is PostStatus.PUBLISHED:
                scheduled = [posts.published_order > now_bind()]
                if shape.dialect == "postgresql":  # whose planner takes what is open at one end for a third of all
                    scheduled.append(posts.published_order <= literal_column("'infinity'::timestamptz"))
                parts.append(Part([*tagged, own, has_status(posts, status), *scheduled], indexed=False))
            else:
                parts.append(Part([*tagged, own, has_status(posts, status)], indexed=not shape.tag))
    return parts


def _public_range(shape: Shape, posts: Any) -> list[ColumnElement[bool]]:
    """The same condition as the index has it, so that reading begins after posts that are not due yet."""
    return [posts.published_order <= now_bind()] if shape.sort is PostSort.PUBLISHED_AT else []


def _merged(shape: Shape, reach: Any) -> Any:
    """The first ``reach`` rows of all parts together, each with ``id`` and ``sort_key``, in order."""
    posts = _columns(_source(shape), shape)
    parts: list[Any] = []
    for part in _parts(shape, posts):
        rows = select(posts.id, posts.sort_key).where(*part.conditions, *_after_cursor(shape, posts))
        if part.indexed:
            parts.append(rows.order_by(*_order(shape, posts)).limit(reach))
        else:  # materialised, or the planner may read along the index after all
            found = cast(Any, rows.cte(f"found{len(parts)}")).prefix_with("MATERIALIZED").c
            parts.append(select(found.id, found.sort_key))
    if len(parts) == 1 and parts[0]._limit_clause is not None:
        return parts[0]
    merged = _together(parts).subquery("merged").c
    return select(merged.id, merged.sort_key).order_by(*_order(shape, merged)).limit(reach)


def _together(parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    return union_all(*(select(*part.subquery(f"part{number}").c) for number, part in enumerate(parts)))


def _matching(shape: Shape) -> list[ColumnElement[bool]]:
    """What a search finds, as conditions on ``posts``."""
    conditions = [visible(shape.viewer)]
    if shape.status is not None:
        conditions.append(has_status(Post, shape.status))
    if shape.author != "anyone":
        author = bindparam("author", type_=BigInteger) if shape.author == "someone" else viewer_id_bind()
        conditions.append(Post.author_id == author)
    if shape.tag:
        tag_id = select(Tag.id).where(Tag.key == bindparam("tag", type_=String)).scalar_subquery()
        conditions.append(Post.id.in_(select(post_tags.c.post_id).where(post_tags.c.tag_id == tag_id)))
    if shape.dialect == "sqlite":
        conditions = [_unindexed(condition) for condition in conditions]
    return [*conditions, _matches(shape)]


def _unindexed(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """SQLite's way to say that this is not what to find rows by: knowing no statistics, it would find the public posts,
    nearly all there are, and look for the words in each (https://sqlite.org/optoverview.html).
    """
    return UnaryExpression(condition.self_group(), operator=cast(Any, custom_op("+")), type_=Boolean())


def _matches(shape: Shape, post_id: Any = Post.id) -> ColumnElement[bool]:
    """Bind ``search``: the words as a user typed them (PostgreSQL), or :func:`fts5_query` of them (SQLite)."""
    words = bindparam("search", type_=String)
    if shape.dialect == "postgresql":
        plain = sql_cast(func.plainto_tsquery(literal_column("'simple'"), words), Text)
        # The last word may be unfinished: ':*' makes it a prefix. Nothing at all stays nothing.
        query = func.nullif(plain, literal_column("''"), type_=Text).concat(literal_column("':*'"))
        once = select(sql_cast(query, TSQUERY)).scalar_subquery()  # not for every post
        return literal_column("posts.search", TSVECTOR).op("@@")(once)
    # An FTS5 table has a hidden column of its own name, which stands for all of its columns. It is asked once: to ask
    # it post by post, it would collect the words that begin with the last one again for each.
    return post_id.in_(select(_FTS5.c.rowid).where(_FTS5.c.posts_search.op("MATCH")(words)))


def fts5_query(words: list[str]) -> str:
    """Every word, the last one as a prefix (https://sqlite.org/fts5.html §3)."""
    return " ".join(f'"{word}"' for word in words) + "*"


def _after_cursor(shape: Shape, posts: Any) -> list[ColumnElement[bool]]:
    """The rows after the cursor's."""
    if shape.after == "start":
        return []
    row_id, sort_key = posts.id.element, posts.sort_key.element
    after_id = bindparam("after_id", type_=BigInteger)
    if shape.sort is PostSort.ID:
        return [row_id < after_id if shape.descending else row_id > after_id]
    value: ColumnElement[Any] = (
        literal_column(NEVER) if shape.after == "never" else bindparam("after_value", type_=sort_key.type)
    )
    here, there = tuple_(sort_key, row_id), tuple_(value, after_id)
    return [here < there if shape.descending else here > there]


def _order(shape: Shape, rows: Any) -> list[ColumnElement[Any]]:
    keys = [rows.id] if shape.sort is PostSort.ID else [rows.sort_key, rows.id]
    return [key.desc() if shape.descending else key.asc() for key in keys]


def _summaries(shape: Shape, found: Select[Any], rows: Any) -> CompiledQuery[SummaryRow]:
    """Everything about the few rows of the page: joins and tags are looked up for them alone."""
    ordered = found.order_by(*_order(shape, rows))
    limited = ordered.limit(bindparam("limit", type_=Integer)).offset(bindparam("offset", type_=Integer))
    # The number says how few they are: a planner that does not know would read all posts instead of these.
    page = select(limited.subquery("limited").c.id).limit(literal_column(str(MAX_PAGE_SIZE + 1))).subquery("page")
    summaries = select(*SUMMARY_COLUMNS).select_from(page).join(Post, Post.id == page.c.id)
    return CompiledQuery(
        SummaryRow.of, summaries.join(User, User.id == Post.author_id).order_by(*_order(shape, _columns(Post, shape)))
    )
