"""Posts and tags on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from app.models import PostStatus
from app.models.tag import tag_key
from app.schemas.common import Schema, Timestamp
from app.schemas.fields import ONE_LINE, STORABLE, UTCDatetime, at_most, validation_error
from app.schemas.user import Author

MAX_TAGS = 10
MAX_TAGS_SENT = 50
"""Repetitions and blanks included, which are taken out before the rest is counted."""
MAX_TAG_LENGTH = 50
MAX_CONTENT_LENGTH = 100_000


def split_tags(value: object) -> object:
    """``"a, b"`` as well as ``["a", "b"]``."""
    return value.split(",") if isinstance(value, str) else value


def distinct_tags(names: list[str]) -> list[str]:
    """Without blanks and repetitions (in whatever case), in the order given."""
    if any("," in name for name in names):
        raise validation_error("tag_with_comma", "A tag must not contain a comma.")
    first: dict[str, str] = {}
    for name in filter(None, names):
        first.setdefault(tag_key(name), name)
    if len(first) > MAX_TAGS or len(names) > MAX_TAGS_SENT:
        raise validation_error("too_many_tags", f"At most {MAX_TAGS} tags.")
    return list(first.values())


Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), ONE_LINE, STORABLE, at_most(200)
]
Content = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CONTENT_LENGTH), STORABLE]
Excerpt = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), STORABLE, at_most(500)]
TagName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=MAX_TAG_LENGTH),
    ONE_LINE,
    STORABLE,
    at_most(MAX_TAG_LENGTH),
]
_TAG_PATTERN = "[^,\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]{0,50}"
Tags = Annotated[
    list[TagName],
    BeforeValidator(split_tags),
    AfterValidator(distinct_tags),
    WithJsonSchema(
        {
            "description": f"At most {MAX_TAGS} different ones: a list, or one string with commas.",
            "anyOf": [
                {
                    "type": "array",
                    "items": {"type": "string", "maxLength": MAX_TAG_LENGTH, "pattern": f"^{_TAG_PATTERN}$"},
                    "maxItems": MAX_TAGS_SENT,
                },
                {"type": "string", "pattern": f"^{_TAG_PATTERN}(,{_TAG_PATTERN}){{0,{MAX_TAGS_SENT - 1}}}$"},
            ],
        }
    ),
]


class PostCreate(Schema):
    """A new post: a draft, unless its status says otherwise."""

    title: Title
    content: Content
    excerpt: Annotated[Excerpt | None, Field(description="Made from the content when absent or empty.")] = None
    status: PostStatus = PostStatus.DRAFT
    tags: Tags = Field(default_factory=list)
    published_at: Annotated[
        UTCDatetime | None,
        Field(description="In the future, it schedules the publication; absent, it is set by publishing."),
    ] = None


class PostUpdate(Schema):
    """What is to change. What is left out or null stays as it is; a null excerpt is made again from the content."""

    title: Title | None = None
    content: Content | None = None
    excerpt: Excerpt | None = None
    status: PostStatus | None = None
    tags: Tags | None = None
    published_at: Annotated[UTCDatetime | None, Field(description="Fixed once it has come.")] = None


class PostSort(StrEnum):
    """What posts can be listed by. Posts never published come before all others in ``published_at``'s order."""

    ID = "id"
    TITLE = "title"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    PUBLISHED_AT = "published_at"
    VIEW_COUNT = "view_count"


SORT_TYPES: dict[PostSort, type] = {
    PostSort.ID: int,
    PostSort.TITLE: str,
    PostSort.CREATED_AT: datetime,
    PostSort.UPDATED_AT: datetime,
    PostSort.PUBLISHED_AT: datetime,
    PostSort.VIEW_COUNT: int,
}


class PostSummary(BaseModel):
    """A post in a list: without its content."""

    id: int
    title: str
    excerpt: str
    slug: str
    status: PostStatus
    tags: list[str]
    author_id: int
    author: Author
    published_at: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp
    version: int
    view_count: int


class PostRead(PostSummary):
    """A post."""

    model_config: ClassVar[ConfigDict] = ConfigDict(title="Post")

    content: str


class PostEventData(BaseModel):
    """What an event of a post says: which, and its version now. Empty with events that are not of one post."""

    model_config: ClassVar[ConfigDict] = ConfigDict(title="PostEvent")

    post_id: int
    version: int


class TagCount(BaseModel):
    """A tag and how many public posts bear it."""

    name: str
    post_count: int
