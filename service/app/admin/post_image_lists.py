"""Images of posts as administrators look at them."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from app.admin.lists import Listing, is_user, part_of
from app.models import Post, PostImage, User


class PostImageRow(NamedTuple):
    id: UUID
    post_id: int
    title: str
    user_id: int
    username: str
    media_type: str
    byte_size: int
    width: int
    height: int
    created_at: datetime


POST_IMAGES = Listing(
    row=PostImageRow,
    statement=select(
        PostImage.id,
        PostImage.post_id,
        Post.title,
        PostImage.author_id,
        User.username,
        PostImage.media_type,
        PostImage.byte_size,
        PostImage.width,
        PostImage.height,
        PostImage.created_at,
    )
    .join(Post, Post.id == PostImage.post_id)
    .join(User, User.id == PostImage.author_id),
    key=PostImage.__table__.c.id,
    read_key=UUID,
    sorts={"created_at": PostImage.__table__.c.id},
    search=part_of(User.username, Post.title),
    filters={"username": is_user},
)
