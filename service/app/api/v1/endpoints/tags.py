"""Tags."""

from time import monotonic

from fastapi import APIRouter, Request, Response

from app.api.dependencies import ResourcesDep, request_headers
from app.core.answers import JsonAnswer
from app.core.hot import LONGEST
from app.core.metrics import route_template
from app.core.wire import json_bytes
from app.schemas.post import TagCount
from app.services import post_service, tag_service

router = APIRouter()

SLOW = 0.05
"""Seconds of counting from which on the answer is kept although posts are written…"""
LINGER = 100
"""… for this many times what the counting took: it costs at most 1 % of a database core."""


@router.get("", response_model=list[TagCount])
async def list_tags(request: Request, resources: ResourcesDep) -> Response:
    """The tags of public posts with the number of posts, the most used first (at most 1,000)."""
    hot, path = resources.hot, request.scope["path"]

    async def load() -> tuple[JsonAnswer, float | None]:
        if (kept := hot.slow.get(path)) is not None:
            return kept, 1.0
        started, epoch = monotonic(), hot.slow.epoch
        counted = await tag_service.list_tags(resources.database.reader)
        answer = JsonAnswer(json_bytes(counted), route=route_template(request.scope))
        took = monotonic() - started
        if took > SLOW:
            hot.slow.put(path, answer, epoch=epoch, ttl=min(took * LINGER, LONGEST))
        return answer, await post_service.seconds_to_next_publication(resources.database.reader)

    answer = await hot.pages.load(path, load)
    return answer.response(request_headers())
