"""Images of posts: sent by their authors, seen by those who see the post."""

from datetime import datetime
from typing import Any, BinaryIO, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Uuid

from app.auth.principal import Principal
from app.database.query import CompiledQuery
from app.database.reader import Reader
from app.http.errors import Conflict, NotFound
from app.kit.clock import utcnow
from app.kit.ids import uuid7
from app.models import Post, PostImage, User
from app.posts.service import NOT_FOUND, Editable, editable
from app.posts.visibility import Viewer, viewer_binds, viewer_of, visible
from app.records import audit, images
from app.resources import Resources
from app.storage.images import ImageFile

SIDE = 2048
"""Pixels."""
NO_SUCH_IMAGE = "There is no such image, or it is not for you to see."
_KIND = "post"


class ImageRow(NamedTuple):
    id: UUID
    media_type: str
    byte_size: int
    width: int
    height: int
    created_at: datetime


async def require_editor(post_id: int, user: Principal, *, resources: Resources) -> None:
    """Raises NotFound, Forbidden; Conflict for a post, or an author, with as many images as may be."""
    async with resources.database.session() as session:
        post = await editable(session, user, post_id, if_match=None)
        await _require_room(session, post, resources)


async def add(post_id: int, source: BinaryIO, *, user: Principal, resources: Resources) -> ImageRow:
    """Add the image in ``source`` to a post. Raises InvalidInput for what is not an image, and as `require_editor`."""
    picture = await images.take(source, side=SIDE, kind=_KIND, resources=resources)
    with picture.content:
        row = PostImage(id=uuid7(), created_at=utcnow(), **images.facts(picture))
        await images.keep(row, picture, kind=_KIND, resources=resources)
    async with resources.database.session() as session:
        post = await editable(session, user, post_id, if_match=None)
        await _require_room(session, post, resources)
        owners = {"post_id": post.id, "author_id": post.author_id}
        await session.execute(update(PostImage).where(PostImage.id == row.id).values(**owners))
        _audit(session, user, "post.add_image", post)
    return ImageRow(*(getattr(row, name) for name in ImageRow._fields))


async def remove(session: AsyncSession, user: Principal, post_id: int, image_id: UUID) -> None:
    """Take an image from a post: nobody gets it any more, and a job deletes the file. Raises NotFound, Forbidden."""
    post = await editable(session, user, post_id, if_match=None)
    gone = (
        update(PostImage)
        .where(PostImage.id == image_id, PostImage.post_id == post_id)
        .values(post_id=None, author_id=None)
    )
    if await session.scalar(gone.returning(PostImage.id)) is None:
        raise NotFound(NO_SUCH_IMAGE)
    _audit(session, user, "post.remove_image", post)


async def list_images(reader: Reader, user: Principal | None, post_id: int) -> list[ImageRow]:
    """The images of a post, oldest first. Raises NotFound for a post that ``user`` may not see."""
    binds = {"post_id": post_id, **viewer_binds(user, utcnow())}
    if await reader.first(_SEEN[viewer_of(user)], **binds) is None:
        raise NotFound(NOT_FOUND)
    return await reader.all(_IMAGES, post_id=post_id)


async def read(reader: Reader, user: Principal | None, post_id: int, image_id: UUID) -> tuple[ImageFile, bool]:
    """The file of an image, and whether anyone may see it now. Raises NotFound."""
    for viewer in (None, user):
        binds = {"post_id": post_id, "image_id": image_id, **viewer_binds(viewer, utcnow())}
        found = await reader.first(_FILES[viewer_of(viewer)], **binds)
        if found is not None:
            return found, viewer is None
        if user is None:
            break
    raise NotFound(NO_SUCH_IMAGE)


def _file_query(viewer: Viewer) -> CompiledQuery[ImageFile]:
    return CompiledQuery(
        ImageFile,
        select(PostImage.id, PostImage.media_type, PostImage.byte_size)
        .join(Post, Post.id == PostImage.post_id)
        .where(
            PostImage.id == bindparam("image_id", type_=Uuid()),
            Post.id == bindparam("post_id", type_=BigInteger),
            visible(viewer),
        ),
    )


def _seen_query(viewer: Viewer) -> CompiledQuery[int]:
    return CompiledQuery(int, select(Post.id).where(Post.id == bindparam("post_id", type_=BigInteger), visible(viewer)))


_FILES = {viewer: _file_query(viewer) for viewer in Viewer}
_SEEN = {viewer: _seen_query(viewer) for viewer in Viewer}
_COLUMNS: tuple[Any, ...] = tuple(getattr(PostImage, name) for name in ImageRow._fields)
_IMAGES = CompiledQuery(
    ImageRow,
    select(*_COLUMNS).where(PostImage.post_id == bindparam("post_id", type_=BigInteger)).order_by(PostImage.id),
)


async def _require_room(session: AsyncSession, post: Editable, resources: Resources) -> None:
    """The post is locked by now; the author is, too, so that the images of all their posts are counted in turn."""
    settings = resources.settings
    await session.execute(select(User.id).where(User.id == post.author_id).with_for_update(key_share=True))
    of_post = await session.scalar(select(func.count()).where(PostImage.post_id == post.id)) or 0
    if of_post >= settings.images_per_post:
        raise Conflict(
            f"A post has at most {settings.images_per_post} images: remove one first.", slug="too-many-images"
        )
    of_author = await session.scalar(select(func.count()).where(PostImage.author_id == post.author_id)) or 0
    if of_author >= settings.images_per_user:
        detail = f"The posts of one author have at most {settings.images_per_user} images: remove one first."
        raise Conflict(detail, slug="too-many-images")


def _audit(session: AsyncSession, user: Principal, action: str, post: Editable) -> None:
    """As with posts: what administrators do is recorded, what authors do is not."""
    if user.is_admin:
        audit.record(session, user.user_id, action, f"post:{post.id}", {"title": [post.title, post.title]})
