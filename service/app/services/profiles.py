"""Profiles as rows and as JSON: one shape for oneself and administrators, a smaller one for everyone else."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement

from app.core.answers import JsonAnswer
from app.core.wire import json_bytes
from app.models import Role, User


class Profile(NamedTuple):
    """A user without secrets, in the order of :data:`PROFILE_COLUMNS`."""

    id: int
    username: str
    first_name: str | None
    last_name: str | None
    bio: str | None
    avatar: str | None
    created_at: datetime
    updated_at: datetime
    email: str
    role: Role
    is_active: bool
    is_verified: bool
    last_login_at: datetime | None
    version: int


PUBLIC_FIELDS = 8
"""The first so many fields of a Profile are anyone's to see."""

PROFILE_COLUMNS: tuple[ColumnElement[Any], ...] = tuple(getattr(User, name) for name in Profile._fields)


def public_view(profile: Profile) -> dict[str, Any]:
    return dict(zip(Profile._fields[:PUBLIC_FIELDS], profile[:PUBLIC_FIELDS], strict=True))


def private_view(profile: Profile) -> dict[str, Any]:
    return profile._asdict()


def profile_answer(profile: Profile, *, private: bool) -> JsonAnswer:
    """The profile as it is sent, with its entity tag."""
    view = private_view(profile) if private else public_view(profile)
    return JsonAnswer(json_bytes(view), route="/users/{user_id}", version=profile.version, public=not private)


def profile_of(user: User) -> Profile:
    return Profile(*(getattr(user, name) for name in Profile._fields))
