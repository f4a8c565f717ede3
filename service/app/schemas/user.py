"""Users on the wire."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.models.user import Role
from app.schemas.common import Schema, Timestamp
from app.schemas.fields import Avatar, Bio, Name, Username


class Author(BaseModel):
    """Who wrote it."""

    id: int
    username: str
    first_name: str | None
    last_name: str | None
    avatar: str | None


class UserPublic(Author):
    """What everyone may know of a user."""

    model_config = ConfigDict(from_attributes=True)

    bio: str | None
    created_at: Timestamp
    updated_at: Timestamp


class UserPrivate(UserPublic):
    """What users know of themselves, and administrators of everyone."""

    email: str
    role: Role
    is_active: bool
    is_verified: bool
    last_login_at: Timestamp | None
    version: Annotated[int, Field(description="Counts changes; the ETag.")]


class UserStats(BaseModel):
    """What a user has written. Drafts, and posts scheduled for later, are counted for their author only."""

    user: UserPrivate | UserPublic
    total_posts: int
    published_posts: int
    draft_posts: int
    archived_posts: int
    total_views: int
    average_views: Annotated[float, Field(description="Views per post.")]


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


ABSENT: Any = Field(default=None, json_schema_extra=_without_default)
"""Default of a field that may be left out but not be null; it is never read (see :meth:`Changes.given`)."""


class Changes(Schema):
    """A partial update: what is absent stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False)

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class ProfileChanges(Changes):
    """`null` clears a field (the username cannot be cleared)."""

    username: Username = ABSENT
    first_name: Name | None = None
    last_name: Name | None = None
    bio: Bio | None = None
    avatar: Avatar | None = None


class AccessChanges(Changes):
    role: Role = ABSENT
    is_active: Annotated[bool, Field(strict=True)] = ABSENT
