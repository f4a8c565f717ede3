"""Users on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from app.models.user import Role

# RFC 3339 with Z: what every JSON client reads.
Timestamp = Annotated[
    datetime, PlainSerializer(lambda value: value.isoformat().replace("+00:00", "Z"), return_type=str)
]


class UserPublic(BaseModel):
    """What everyone may know of a user."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    username: str
    first_name: str | None
    last_name: str | None
    bio: str | None
    avatar: str | None
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
