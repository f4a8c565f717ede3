"""Tags."""

from fastapi import APIRouter, Request, Response

from app.api.dependencies import ResourcesDep, request_headers
from app.core.answers import JsonAnswer
from app.core.metrics import route_template
from app.core.wire import json_bytes
from app.schemas.post import TagCount
from app.services import post_service, tag_service

router = APIRouter()


@router.get("", response_model=list[TagCount])
async def list_tags(request: Request, resources: ResourcesDep) -> Response:
    """The tags of public posts with the number of posts, the most used first (at most 1,000)."""

    async def load() -> tuple[JsonAnswer, float | None]:
        reader = resources.database.reader
        answer = JsonAnswer(json_bytes(await tag_service.list_tags(reader)), route=route_template(request.scope))
        return answer, await post_service.seconds_to_next_publication(reader)

    answer = await resources.hot.pages.load(request.scope["path"], load)
    return answer.response(request_headers())
