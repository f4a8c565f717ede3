"""Avatars as administrators look at them."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from app.admin.lists import Listing, is_user, part_of
from app.models import Avatar, User


class AvatarRow(NamedTuple):
    id: UUID
    user_id: int
    username: str
    media_type: str
    byte_size: int
    width: int
    height: int
    created_at: datetime


AVATARS = Listing(
    row=AvatarRow,
    statement=select(
        Avatar.id,
        Avatar.user_id,
        User.username,
        Avatar.media_type,
        Avatar.byte_size,
        Avatar.width,
        Avatar.height,
        Avatar.created_at,
    ).join(User, User.id == Avatar.user_id),
    key=Avatar.__table__.c.id,
    read_key=UUID,
    sorts={"created_at": Avatar.__table__.c.id},
    search=part_of(User.username),
    filters={"username": is_user},
)
