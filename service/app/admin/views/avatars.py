"""Avatars that users have sent."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette_admin.fields import StringField

from app.admin.fields import TEXT, RowLink
from app.admin.image_lists import AVATARS
from app.admin.views.images import FACTS, ImagesView
from app.admin.views.sessions import owner_of
from app.auth.principal import Principal
from app.users import service as user_service


class AvatarsView(ImagesView):
    key = "avatars"
    display_name = "avatar"
    menu_label = "Avatars"
    icon = "fa-solid fa-user-circle"
    listing = AVATARS
    one = "avatar"
    fields = (
        StringField("id", label="Id", exclude_from_list=True),
        RowLink("username", label="User", getter=owner_of, filters=TEXT),
        *FACTS,
    )

    async def remove(self, session: AsyncSession, admin: Principal, row: Any) -> None:
        await user_service.update_profile(
            session, row.user_id, {"avatar": None}, editor=admin, if_match=None, resources=self.resources
        )
