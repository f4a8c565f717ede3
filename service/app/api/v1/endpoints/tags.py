"""Tags."""

from fastapi import APIRouter, Request, Response

from app.api.dependencies import ResourcesDep, request_headers
from app.http.cached_json import JsonAnswer
from app.kit.json import json_bytes
from app.observability.metrics import route_template
from app.posts import service as post_service
from app.posts import tags
from app.schemas.post import TagCount

router = APIRouter()


@router.get("", response_model=list[TagCount])
async def list_tags(request: Request, resources: ResourcesDep) -> Response:
    """The tags of public posts with the number of posts, the most used first (at most 1,000)."""

    async def load() -> tuple[JsonAnswer, float | None]:
        reader = resources.database.reader
        answer = JsonAnswer(json_bytes(await tags.list_tags(reader)), route=route_template(request.scope))
        return answer, await post_service.seconds_to_next_publication(reader)

    answer = await resources.hot.pages.load(request.scope["path"], load)
    return answer.response(request_headers())
