"""Images of posts."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette_admin.fields import StringField

from app.admin.fields import TEXT, RowLink
from app.admin.post_image_lists import POST_IMAGES
from app.admin.views.images import FACTS, ImagesView
from app.admin.views.sessions import owner_of
from app.auth.principal import Principal
from app.posts import images


def _post(_request: Request, row: Any) -> tuple[str, str, str]:
    return row.title, "posts", str(row.post_id)


class PostImagesView(ImagesView):
    key = "post-images"
    display_name = "image of a post"
    menu_label = "Images of posts"
    icon = "fa-solid fa-image"
    listing = POST_IMAGES
    one = "image"
    fields = (
        StringField("id", label="Id", exclude_from_list=True),
        RowLink("title", label="Post", getter=_post),
        RowLink("username", label="Author", getter=owner_of, filters=TEXT),
        *FACTS,
    )

    async def remove(self, session: AsyncSession, admin: Principal, row: Any) -> None:
        await images.remove(session, admin, row.post_id, row.id)
