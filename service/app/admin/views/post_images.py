"""Images of posts."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette_admin.actions import ActionSelection, action, row_action
from starlette_admin.fields import StringField

from app.admin.fields import TEXT, RowLink
from app.admin.post_image_lists import POST_IMAGES
from app.admin.views.avatars import FACTS, STYLE
from app.admin.views.base import ListingView, many
from app.admin.views.sessions import owner_of
from app.posts import images


def _post(_request: Request, row: Any) -> tuple[str, str, str]:
    return row.title, "posts", str(row.post_id)


class PostImagesView(ListingView):
    key = "post-images"
    display_name = "image of a post"
    menu_label = "Images of posts"
    icon = "fa-solid fa-image"
    listing = POST_IMAGES
    filtered_by = ("username",)
    fields = (
        StringField("id", label="Id", exclude_from_list=True),
        RowLink("title", label="Post", getter=_post),
        RowLink("username", label="Author", getter=owner_of, filters=TEXT),
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
        async with self.changing(request, f"{many(len(rows), 'image')} taken away.") as (session, admin):
            for row in rows:
                await images.remove(session, admin, row.post_id, row.id)
