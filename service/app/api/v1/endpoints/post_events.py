"""Changes of posts, as they happen: server-sent events."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic.json_schema import SkipJsonSchema

from app.api.dependencies import PostViewer, ResourcesDep, identify, valid_until
from app.api.responses import problems
from app.auth.principal import Principal
from app.http.context import request_context
from app.http.errors import Unauthorized
from app.http.event_stream import EventStream
from app.http.ratelimit import client_key
from app.posts import service as post_service
from app.posts.events.feed import Feed, Place
from app.schemas.common import Id
from app.schemas.post import PostEventData

router = APIRouter()

LastEventId = Annotated[
    str | SkipJsonSchema[None],
    Header(
        alias="Last-Event-ID",
        max_length=255,
        description="The `id` of the last event you got: what you missed since comes first.",
    ),
]

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/event-stream": {"schema": PostEventData.model_json_schema()}},
        "description": "Events with this data: `post.added` (you may see it from now on), `post.changed`, "
        "`post.removed`. `ready` is the first, or comes after what you missed; `reload` says that you missed more than "
        "is kept, or that too much has changed: read the posts anew; `end` is the last, with its `reason`: `shutdown`, "
        "`expired`, `signed-out`, `removed`, `unavailable`.",
    }
}


async def get_place(user: PostViewer, resources: ResourcesDep) -> AsyncGenerator[Place]:
    """Held until the stream has ended."""
    context = request_context.get()
    with resources.get(Feed).place(user, client=client_key(context.client if context else "")) as place:
        yield place


PlaceDep = Annotated[Place, Depends(get_place)]


@router.get("/events", response_class=Response, responses={**_STREAM, **problems(401, 422, 429, 503)})
async def follow_posts(
    request: Request, place: PlaceDep, resources: ResourcesDep, last_event_id: LastEventId = None
) -> EventStream:
    """Changes of the posts that you may see. An event tells which post, not what is in it: read it when you need it.

    Some events may come twice. To miss nothing, read the posts after `ready`.
    """
    stream = _stream(request, place.user, resources.settings.event_heartbeat_seconds)
    await resources.get(Feed).follow(place, stream, last_event_id=last_event_id)
    return stream


@router.get(
    "/{post_id}/events",
    status_code=200,
    response_class=EventStream,
    responses={**_STREAM, **problems(401, 404, 422, 429, 503)},
)
async def follow_post(
    request: Request, post_id: Id, place: PlaceDep, resources: ResourcesDep, last_event_id: LastEventId = None
) -> EventStream:
    """Changes of one post, as under `/posts/events`, until it is removed. Following it counts no view."""
    stream = _stream(request, place.user, resources.settings.event_heartbeat_seconds)
    await resources.get(Feed).follow(place, stream, post_id=post_id, last_event_id=last_event_id)
    # Only now: were it withdrawn in between, its reader would hear nothing.
    await post_service.read(resources.database.reader, place.user, by="id", key=post_id)
    return stream


def _stream(request: Request, user: Principal | None, heartbeat: float) -> EventStream:
    if user is None:
        return EventStream(heartbeat=heartbeat)

    async def may_go_on() -> bool:
        try:
            caller = await identify(request)
        except Unauthorized:
            return False
        return caller is not None and caller.is_admin == user.is_admin

    return EventStream(heartbeat=heartbeat, until=valid_until(request, user), may_go_on=may_go_on)
