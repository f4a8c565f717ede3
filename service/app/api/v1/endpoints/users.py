"""Users: found, shown, changed, given access."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.dependencies import (
    AdminSession,
    AdminUser,
    IfMatch,
    ProfileReader,
    ProfileViewer,
    ProfileWriter,
    ReadDep,
    ResourcesDep,
    SessionDep,
    request_headers,
)
from app.api.responses import NO_STORE, json_response, problems
from app.auth.principal import Principal
from app.auth.profiles import Profile, profile_answer, view_for
from app.http.pagination import MAX_PAGE_SIZE, Order, Page
from app.posts import stats
from app.schemas.common import Id, Message
from app.schemas.fields import Cursor, Search
from app.schemas.user import AccessChanges, ProfileChanges, UserPrivate, UserPublic, UserStats
from app.users import listing
from app.users import service as user_service
from app.users.listing import Listing, UserSort

router = APIRouter()

AnyUser = UserPrivate | UserPublic


@router.get("", response_model=Page[AnyUser], responses=problems(401, 403, 422))
async def list_users(
    user: ProfileReader,
    reader: ReadDep,
    page: Annotated[int, Query(ge=1)] = 1,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = 20,
    search: Annotated[
        Search,
        Query(description="Parts of a username or name; for administrators also of an e-mail."),
    ] = "",
    sort_by: UserSort = UserSort.CREATED_AT,
    order: Order = Order.DESC,
    cursor: Annotated[Cursor, Query(description="`next_cursor` of a page.")] = "",
) -> Response:
    """Public profiles; whole ones for administrators and of yourself."""
    wanted = Listing(page=page, page_size=page_size, cursor=cursor, search=search, sort_by=sort_by, order=order)
    return json_response(await listing.list_users(reader, wanted, viewer=user), headers=NO_STORE)


@router.get("/{user_id}", response_model=AnyUser, responses=problems(404, 422))
async def read_user(user_id: Id, reader: ReadDep, viewer: ProfileViewer) -> Response:
    """A user's profile."""
    profile = await user_service.read_profile(reader, user_id)
    return profile_answer(view_for(profile, viewer), version=profile.version).response(request_headers())


@router.get("/{user_id}/stats", response_model=UserStats, responses=problems(404, 422))
async def read_stats(user_id: Id, resources: ResourcesDep, viewer: ProfileViewer) -> Response:
    """What a user has written and how often it was read."""
    return json_response(await stats.read_stats(user_id, viewer=viewer, resources=resources))


@router.put("/{user_id}", response_model=UserPrivate, responses=problems(400, 401, 403, 404, 412, 422))
async def update_user(
    user_id: Id,
    changes: ProfileChanges,
    user: ProfileWriter,
    session: SessionDep,
    resources: ResourcesDep,
    if_match: IfMatch = None,
) -> Response:
    """Change your own profile (administrators: anyone's). Only what is sent is changed."""
    profile = await user_service.update_profile(
        session, user_id, changes.given(), editor=user, if_match=if_match, resources=resources
    )
    return _answer(profile, user)


@router.patch("/{user_id}/access", response_model=UserPrivate, responses=problems(401, 403, 404, 409, 412, 422))
async def set_access(
    user_id: Id,
    changes: AccessChanges,
    admin: AdminSession,
    session: SessionDep,
    resources: ResourcesDep,
    if_match: IfMatch = None,
) -> Response:
    """Set a user's role or activity. Live tokens feel it at once."""
    profile = await user_service.set_access(
        session, user_id, changes.given(), admin=admin, if_match=if_match, resources=resources
    )
    return _answer(profile, admin)


@router.delete("/{user_id}", responses=problems(401, 403, 404, 409, 412, 422))
async def delete_user(
    user_id: Id, admin: AdminUser, session: SessionDep, resources: ResourcesDep, if_match: IfMatch = None
) -> Message:
    """Remove a user, their posts with them."""
    await user_service.delete_user(session, user_id, admin=admin, if_match=if_match, resources=resources)
    return Message(message="The user and their posts are removed.")


def _answer(profile: Profile, viewer: Principal) -> Response:
    """The changed profile with its new entity tag; conditions of the request were about the old one."""
    return profile_answer(view_for(profile, viewer), version=profile.version).response({})
