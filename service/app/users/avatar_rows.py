"""Which file is whose avatar."""

from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Uuid

from app.config import Settings
from app.database.query import CompiledQuery
from app.database.reader import Reader
from app.http.errors import NotFound
from app.models import Avatar
from app.storage.images import ImageFile


def address_of(settings: Settings, avatar_id: UUID) -> str:
    """What ``users.avatar`` says of a file of ours."""
    return f"{settings.base_url}{settings.api_v1_str}/avatars/{avatar_id}"


async def release(session: AsyncSession, user_id: int, *, but: str | None) -> None:
    """Give up the files of a user, but for the one at the address ``but``; a job removes them."""
    theirs = select(Avatar.id).where(Avatar.user_id == user_id)
    for avatar_id in await session.scalars(theirs):
        if but is None or not but.endswith(f"/{avatar_id}"):  # the host may be called otherwise by now
            await session.execute(update(Avatar).where(Avatar.id == avatar_id).values(user_id=None))


async def claim(session: AsyncSession, user_id: int, avatar_id: UUID) -> None:
    """Make the file the user's."""
    await session.execute(update(Avatar).where(Avatar.id == avatar_id).values(user_id=user_id))


_FILE = CompiledQuery(
    ImageFile,
    select(Avatar.id, Avatar.media_type, Avatar.byte_size).where(
        Avatar.id == bindparam("avatar_id", type_=Uuid()), Avatar.user_id.is_not(None)
    ),
)


async def read(reader: Reader, avatar_id: UUID) -> ImageFile:
    """The file of somebody's avatar. Raises NotFound."""
    found = await reader.first(_FILE, avatar_id=avatar_id)
    if found is None:
        raise NotFound("There is no such avatar, or it is nobody's any more.")
    return found
