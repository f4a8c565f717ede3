"""Images of posts."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.api.dependencies import PostViewer, PostWriter, ReadDep, ResourcesDep, SessionDep
from app.api.responses import json_response, problems
from app.api.uploads import A_DAY, ASK_AGAIN, IMAGE, UPLOAD, image_response, received
from app.posts import images
from app.posts.images import ImageRow
from app.schemas.common import Id, Message
from app.schemas.image import ImageRead

router = APIRouter()


@router.get("", response_model=list[ImageRead], responses=problems(401, 404, 422))
async def list_post_images(request: Request, post_id: Id, user: PostViewer, reader: ReadDep) -> Response:
    """The images of a post, oldest first."""
    rows = await images.list_images(reader, user, post_id)
    return json_response([_described(request, row) for row in rows])


@router.post(
    "",
    status_code=201,
    response_model=ImageRead,
    openapi_extra=UPLOAD,
    responses=problems(400, 401, 403, 404, 409, 413, 422),
)
async def send_post_image(request: Request, post_id: Id, user: PostWriter, resources: ResourcesDep) -> Response:
    """Send an image for your post (administrators: for any). It is scaled down to 2,048 pixels; name its `url` in the
    content.
    """
    await images.require_editor(post_id, user, resources=resources)
    async with received(request, user) as file:
        row = await images.add(post_id, file, user=user, resources=resources)
    made = _described(request, row)
    return json_response(made, status=201, headers={"Location": made["url"]})


@router.get("/{image_id}", response_class=Response, responses=IMAGE | problems(401, 404, 422))
async def read_post_image(request: Request, post_id: Id, image_id: UUID, user: PostViewer, reader: ReadDep) -> Response:
    """An image, for those who may see its post."""
    image, public = await images.read(reader, user, post_id, image_id)
    return await image_response(request, image, cache=A_DAY if public else ASK_AGAIN)


@router.delete("/{image_id}", responses=problems(401, 403, 404, 422))
async def delete_post_image(post_id: Id, image_id: UUID, user: PostWriter, session: SessionDep) -> Message:
    """Take an image from your post, or, as an administrator, from any."""
    await images.remove(session, user, post_id, image_id)
    return Message(message="The image is deleted.")


def _described(request: Request, row: ImageRow) -> dict[str, Any]:
    collection = request.scope["path"]
    return {**row._asdict(), "url": f"{collection}/{row.id}"}
