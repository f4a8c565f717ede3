"""Avatars that users send."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.api.dependencies import IfMatch, ProfileWriter, ReadDep, ResourcesDep
from app.api.responses import problems
from app.api.uploads import FOREVER, IMAGE, UPLOAD, image_response, received
from app.auth.profiles import profile_answer, view_for
from app.schemas.common import Id
from app.schemas.user import UserPrivate
from app.users import avatar_rows, avatars
from app.users import service as user_service

router = APIRouter()


@router.put(
    "/users/{user_id}/avatar",
    response_model=UserPrivate,
    openapi_extra=UPLOAD,
    responses=problems(400, 401, 403, 404, 412, 413, 422),
)
async def send_avatar(
    request: Request, user_id: Id, user: ProfileWriter, resources: ResourcesDep, if_match: IfMatch = None
) -> Response:
    """Send an image as your avatar (administrators: anyone's). It is scaled down to 512 pixels; the profile tells its
    address. `PUT /users/{user_id}` takes it away (`"avatar": null`), or takes the address of one elsewhere.
    """
    user_service.require_editor(user_id, user)
    await user_service.read_profile(resources.database.reader, user_id)
    async with received(request, user) as file:
        profile = await avatars.replace(user_id, file, editor=user, if_match=if_match, resources=resources)
    return profile_answer(view_for(profile, user), version=profile.version).response({})


@router.get("/avatars/{avatar_id}", response_class=Response, responses=IMAGE | problems(404, 422))
async def read_avatar(request: Request, avatar_id: UUID, reader: ReadDep) -> Response:
    """The avatar that a profile leads to."""
    return await image_response(request, await avatar_rows.read(reader, avatar_id), cache=FOREVER)
