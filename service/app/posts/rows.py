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


class SummaryRow(NamedTuple):
    """A post without its content, in the order of :data:`SUMMARY_COLUMNS`."""

    id: int
    title: str
    excerpt: str
    slug: str
    status: str
    tags: list[str]
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    view_count: int
    author_id: int
    username: str
    first_name: str | None
    last_name: str | None
    avatar: str | None


class PostRow(NamedTuple):
    """A whole post: a summary's columns, then the content."""

    summary: SummaryRow
    content: str

    @classmethod
    def of(cls, *columns: Any) -> "PostRow":
        return cls(SummaryRow(*columns[:-1]), columns[-1])


SUMMARY_COLUMNS: tuple[Any, ...] = (
    Post.id,
    Post.title,
    Post.excerpt,
    Post.slug,
    type_coerce(Post.status, String),  # as the text it is: nobody here needs the enum
    tag_names(),
    Post.published_at,
    Post.created_at,
    Post.updated_at,
    Post.version,
    Post.view_count,
    Post.author_id,
    User.username,
    User.first_name,
    User.last_name,
    User.avatar,
)
POST_COLUMNS = (*SUMMARY_COLUMNS, Post.content)


def summary_view(row: SummaryRow) -> dict[str, Any]:
    """A post of a list, as it is sent."""
    return {
        "id": row.id,
        "title": row.title,
        "excerpt": row.excerpt,
        "slug": row.slug,
        "status": row.status,
        "tags": row.tags,
        "author_id": row.author_id,
        "author": {
            "id": row.author_id,
            "username": row.username,
            "first_name": row.first_name,
            "last_name": row.last_name,
            "avatar": row.avatar,
        },
        "published_at": row.published_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "version": row.version,
        "view_count": row.view_count,
    }


def post_view(row: PostRow) -> dict[str, Any]:
    """A whole post, as it is sent."""
    return {**summary_view(row.summary), "content": row.content}
