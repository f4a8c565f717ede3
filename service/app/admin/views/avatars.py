"""Avatars that users have sent."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette_admin.actions import ActionSelection, action, row_action
from starlette_admin.fields import IntegerField, StringField

from app.admin.fields import TEXT, RowLink, UTCDateTimeField
from app.admin.image_lists import AVATARS
from app.admin.views.base import ListingView, many
from app.admin.views.sessions import owner_of
from app.users import service as user_service

TAKE_AWAY = "Nobody sees it any more, and nothing brings it back. Take it away?"
STYLE: dict[str, Any] = {
    "confirmation": TAKE_AWAY,
    "submit_btn_text": "Take away",
    "submit_btn_class": "action.modal_confirm_button_delete",
    "icon_class": "fa-solid fa-trash",
}
FACTS = (
    StringField("media_type", label="Kind"),
    IntegerField("byte_size", label="Bytes"),
    IntegerField("width", label="Width"),
    IntegerField("height", label="Height"),
    UTCDateTimeField("created_at", label="Sent"),
)
"""Fields that every image has."""


class AvatarsView(ListingView):
    key = "avatars"
    display_name = "avatar"
    menu_label = "Avatars"
    icon = "fa-solid fa-user-circle"
    listing = AVATARS
    filtered_by = ("username",)
    fields = (
        StringField("id", label="Id", exclude_from_list=True),
        RowLink("username", label="User", getter=owner_of, filters=TEXT),
        *FACTS,
    )
    actions = ("take_away",)
    row_actions = ("view", "take_away")

    @action("take_away", "Take away", **STYLE)
    async def take_several(self, request: Request, selection: ActionSelection) -> None:
        await self._take(request, await selection.pks())

    @row_action("take_away", "Take away", **STYLE)
    async def take_one(self, request: Request, pk: Any) -> None:
        await self._take(request, [pk])

    async def _take(self, request: Request, pks: Sequence[Any]) -> None:
        rows = await self.find_by_pks(request, self.keys(pks))
        async with self.changing(request, f"{many(len(rows), 'avatar')} taken away.") as (session, admin):
            for row in rows:
                await user_service.update_profile(
                    session, row.user_id, {"avatar": None}, editor=admin, if_match=None, resources=self.resources
                )
