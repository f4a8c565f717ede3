"""What the lists of images have in common: facts of an image, and taking some of them away."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette_admin.actions import ActionSelection, action, row_action
from starlette_admin.fields import IntegerField, StringField

from app.admin.fields import UTCDateTimeField
from app.admin.views.base import ListingView, many
from app.auth.principal import Principal

_TAKE_AWAY: dict[str, Any] = {
    "confirmation": "Nobody sees it any more, and nothing brings it back. Take it away?",
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


class ImagesView(ListingView):
    """Images, of which an administrator may take some away."""

    filtered_by = ("username",)
    actions = ("take_away",)
    row_actions = ("view", "take_away")
    one: ClassVar[str]
    """What one of them is called when some were taken away."""

    @abstractmethod
    async def remove(self, session: AsyncSession, admin: Principal, row: Any) -> None:
        """Take the image of this row away."""

    @action("take_away", "Take away", **_TAKE_AWAY)
    async def take_several(self, request: Request, selection: ActionSelection) -> None:
        await self._take(request, await selection.pks())

    @row_action("take_away", "Take away", **_TAKE_AWAY)
    async def take_one(self, request: Request, pk: Any) -> None:
        await self._take(request, [pk])

    async def _take(self, request: Request, pks: Sequence[Any]) -> None:
        rows = await self.find_by_pks(request, self.keys(pks))
        async with self.changing(request, f"{many(len(rows), self.one)} taken away.") as (session, admin):
            for row in rows:
                await self.remove(session, admin, row)
