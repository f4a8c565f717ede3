"""Tags."""

from fastapi import APIRouter, Request, Response

from app.api.dependencies import ResourcesDep, request_headers
from app.http.routing import address_of
from app.posts import reading
from app.schemas.post import TagCount

router = APIRouter()


@router.get("", response_model=list[TagCount])
async def list_tags(request: Request, resources: ResourcesDep) -> Response:
    """The tags of public posts with the number of posts, the most used first (at most 1,000)."""
    tags = await reading.read_tags(address=address_of(request.scope), resources=resources)
    return tags.response(request_headers())
