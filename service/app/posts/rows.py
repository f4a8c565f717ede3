"""Posts as the database gives them and as JSON takes them."""

from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Dialect, String, Text, TypeDecorator, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement

from app.models import Post, User


class _TagList(TypeDecorator[list[str]]):
    """Tag names as a list: an array from PostgreSQL, JSON text from SQLite."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> list[str]:
        return orjson.loads(value) if dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return orjson.loads if dialect.name == "sqlite" else None


class tag_names(ColumnElement[list[str]]):
    """The names of a post's tags, in its author's order, as one value of the post's row."""

    inherit_cache = True
    _traverse_internals = []  # noqa: RUF012  # nothing tells two apart; without it statements are compiled anew each time
    type = _TagList()


_TAGS_OF_POST = (
    "SELECT tags.name FROM post_tags JOIN tags ON tags.id = post_tags.tag_id "
    "WHERE post_tags.post_id = posts.id ORDER BY post_tags.position, tags.name"
)


@compiles(tag_names, "postgresql")
def _tags_postgresql(_element: tag_names, _compiler: SQLCompiler, **_: Any) -> str:
    return f"ARRAY({_TAGS_OF_POST})"


@compiles(tag_names, "sqlite")
def _tags_sqlite(_element: tag_names, _compiler: SQLCompiler, **_: Any) -> str:
    return f"(SELECT json_group_array(name) FROM ({_TAGS_OF_POST}))"  # noqa: S608  # a constant


class AuthorRow(NamedTuple):
    """Who wrote a post."""

    id: int
    username: str
    first_name: str | None
    last_name: str | None
    avatar: str | None


class SummaryRow(NamedTuple):
    """A post without its content. Its columns and its JSON follow from these fields, in this order."""

    id: int
    title: str
    excerpt: str
    slug: str
    status: str
    tags: list[str]
    author_id: int
    author: AuthorRow
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    view_count: int

    @classmethod
    def of(cls, *columns: Any) -> "SummaryRow":
        """The row of :data:`SUMMARY_COLUMNS`."""
        return cls._make((*columns[:_AUTHOR], AuthorRow._make(columns[_AUTHOR:_AFTER]), *columns[_AFTER:]))


class PostRow(NamedTuple):
    """A whole post."""

    summary: SummaryRow
    content: str

    @classmethod
    def of(cls, *columns: Any) -> "PostRow":
        """The row of :data:`POST_COLUMNS`."""
        return cls(SummaryRow.of(*columns[:_CONTENT]), *columns[_CONTENT:])

    @classmethod
    def of_fields(cls, fields: dict[str, Any]) -> "PostRow":
        """The row with these fields, a summary's among them."""
        return cls(
            SummaryRow(*(fields[name] for name in SummaryRow._fields)), *(fields[name] for name in cls._fields[1:])
        )


_AUTHOR = SummaryRow._fields.index("author")
_AFTER = _AUTHOR + len(AuthorRow._fields)

# What is not simply the post's column of that name.
_SPECIAL: dict[str, tuple[Any, ...]] = {
    "status": (type_coerce(Post.status, String),),  # as plain text: the enum is not needed here
    "tags": (tag_names(),),
    "author": tuple(getattr(User, name) for name in AuthorRow._fields),
}
SUMMARY_COLUMNS: tuple[Any, ...] = tuple(
    column for name in SummaryRow._fields for column in _SPECIAL.get(name) or (getattr(Post, name),)
)
_CONTENT = len(SUMMARY_COLUMNS)
POST_COLUMNS = (*SUMMARY_COLUMNS, *(getattr(Post, name) for name in PostRow._fields[1:]))


def summary_view(row: SummaryRow) -> dict[str, Any]:
    """A post of a list, as it is sent."""
    view = row._asdict()
    view["author"] = row.author._asdict()
    return view


def post_view(row: PostRow) -> dict[str, Any]:
    """A whole post, as it is sent."""
    return {**summary_view(row.summary), **dict(zip(PostRow._fields[1:], row[1:], strict=True))}
