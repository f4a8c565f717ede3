"""Avatars that users send: taken in, and taken away."""

from typing import BinaryIO

from app.auth.principal import Principal
from app.auth.profiles import Profile
from app.kit.ids import uuid7
from app.models import Avatar
from app.records import images
from app.resources import Resources
from app.users import avatar_rows
from app.users import service as user_service

SIDE = 512
"""Pixels."""
_KIND = "avatar"


async def replace(
    user_id: int, source: BinaryIO, *, editor: Principal, if_match: str | None, resources: Resources
) -> Profile:
    """Make the image in ``source`` the user's avatar. The one before is gone at once.

    Raises InvalidInput for what is not an image; Forbidden, NotFound, PreconditionFailed.
    """
    picture = await images.take(source, side=SIDE, kind=_KIND, resources=resources)
    with picture.content:
        avatar = Avatar(id=uuid7(), **images.facts(picture))
        await images.keep(avatar, picture, kind=_KIND, resources=resources)
    async with resources.database.session() as session:
        changes = {"avatar": avatar_rows.address_of(resources.settings, avatar.id)}
        profile = await user_service.update_profile(
            session, user_id, changes, editor=editor, if_match=if_match, resources=resources
        )
        await avatar_rows.claim(session, user_id, avatar.id)
    return profile
