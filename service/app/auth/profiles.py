"""Profiles as rows and as JSON: one shape for oneself and administrators, a smaller one for everyone else."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement

from app.auth.principal import Principal
from app.http.cached_json import CachedJSON
from app.kit.json import json_bytes
from app.models import Role, User

NO_SUCH_USER = "There is no user with this id."


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


def view_for(profile: Profile, viewer: Principal | None) -> dict[str, Any]:
    """What this viewer may see: everything for the user themselves and administrators, the public part for others."""
    whole = viewer is not None and (viewer.is_admin or viewer.user_id == profile.id)
    return private_view(profile) if whole else public_view(profile)


def profile_answer(view: dict[str, Any], *, version: int) -> CachedJSON:
    """A view as it is sent, with its entity tag."""
    return CachedJSON(json_bytes(view), route="", version=version, public=False)
