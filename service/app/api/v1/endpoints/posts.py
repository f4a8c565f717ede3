"""Posts."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from app.api.dependencies import (
    IdempotencyKey,
    IfMatch,
    PostViewer,
    PostWriter,
    ResourcesDep,
    SessionDep,
    asks_for_headers_only,
    request_headers,
)
from app.api.responses import problems
from app.auth.principal import Principal
from app.http.pagination import MAX_PAGE_SIZE, Order, Page, page_request
from app.http.routing import address_of, route_template
from app.kit.ids import MAX_ID
from app.models import PostStatus
from app.posts import reading
from app.posts import service as post_service
from app.posts.listing import PostFilter
from app.records import idempotency
from app.records.idempotency import Answer
from app.resources import Resources
from app.schemas.common import Id, Message
from app.schemas.fields import Cursor, Search, Text
from app.schemas.post import SORT_TYPES, PostCreate, PostRead, PostSort, PostSummary, PostUpdate

router = APIRouter()

MOST_KEPT = 4096
"""Bytes of a first answer that are kept for a day, for who repeats a request. A long post is read again instead: beside
every post a copy of it, they would be the largest table.
"""


@router.get("", response_model=Page[PostSummary], responses=problems(401, 422))
async def list_posts(
    request: Request,
    user: PostViewer,
    resources: ResourcesDep,
    page: Annotated[int, Query(ge=1, le=MAX_ID)] = 1,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = 20,
    search: Annotated[
        Search | None,
        Query(description="Words; the last one may be unfinished. Of what they find, 1,000 are counted at most."),
    ] = None,
    sort_by: PostSort = PostSort.CREATED_AT,
    order: Order = Order.DESC,
    status: PostStatus | None = None,
    tag: Annotated[Text | None, Query(max_length=50)] = None,
    author: Annotated[int | None, Query(ge=1, le=MAX_ID, description="An author's id.")] = None,
    cursor: Annotated[Cursor | None, Query(description="`next_cursor` of an earlier page.")] = None,
) -> Response:
    """Posts: everybody's published ones, your own whatever their status, all of them for administrators."""
    wanted = PostFilter(sort=sort_by, order=order, search=search, status=status, tag=tag, author=author)
    asked = page_request(
        page=page, page_size=page_size, cursor=cursor, sort=wanted.order_name, kind=SORT_TYPES[sort_by]
    )

    page_of_posts = await reading.read_page(user, wanted, asked, address=address_of(request.scope), resources=resources)
    return page_of_posts.response(request_headers())


@router.post("", status_code=201, response_model=PostRead, responses=problems(401, 409, 422))
async def create_post(
    request: Request,
    draft: PostCreate,
    user: PostWriter,
    session: SessionDep,
    resources: ResourcesDep,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Write a post: a draft, a published one, or one to be published at a later time."""
    attempt = await idempotency.begin(
        session,
        key=idempotency_key,
        scope=f"posts:{user.user_id}",
        request=idempotency.as_sent(draft),
        resources=resources,
    )
    answer = attempt.answer
    if answer is None:
        row = await post_service.create(session, user, draft, resources=resources)
        made = reading.written(row, route=route_template(request.scope))
        headers = {"Location": f"{request.scope['path']}/{row.summary.id}", "ETag": made.etag.decode()}
        answer = await attempt.keep(Answer(201, made.read(), headers), most=MOST_KEPT)
    if answer.body is None:
        post_id = int(answer.headers["Location"].rpartition("/")[2])
        again = await _read(request, user, resources, by="id", key=post_id)
        again.status_code, again.headers["Location"] = 201, answer.headers["Location"]
        return again
    return Response(answer.body, status_code=answer.status, headers=answer.headers, media_type="application/json")


@router.get("/{post_id}", response_model=PostRead, responses=problems(401, 404, 422))
async def read_post(request: Request, post_id: Id, user: PostViewer, resources: ResourcesDep) -> Response:
    """A post. When it is public and not your own, this counts one view."""
    return await _read(request, user, resources, by="id", key=post_id)


Slug = Annotated[Text, Path(max_length=255, description="The end of its address.")]


@router.get("/slug/{slug}", response_model=PostRead, responses=problems(401, 404, 422))
async def read_post_by_slug(request: Request, slug: Slug, user: PostViewer, resources: ResourcesDep) -> Response:
    """A post by its address. When it is public and not your own, this counts one view."""
    return await _read(request, user, resources, by="slug", key=slug)


@router.put("/{post_id}", response_model=PostRead, responses=problems(400, 401, 403, 404, 412, 422))
async def update_post(
    request: Request,
    post_id: Id,
    changes: PostUpdate,
    user: PostWriter,
    session: SessionDep,
    resources: ResourcesDep,
    if_match: IfMatch = None,
) -> Response:
    """Change your post, or, as an administrator, any. Its address stays; it is published once."""
    row = await post_service.update(session, user, post_id, changes, if_match=if_match, resources=resources)
    return reading.written(row, route=route_template(request.scope)).response({})


@router.delete("/{post_id}", responses=problems(400, 401, 403, 404, 412, 422))
async def delete_post(
    post_id: Id, user: PostWriter, session: SessionDep, resources: ResourcesDep, if_match: IfMatch = None
) -> Message:
    """Delete your post, or, as an administrator, any."""
    await post_service.remove(session, user, post_id, if_match=if_match, resources=resources)
    return Message(message="The post is deleted.")


async def _read(
    request: Request, user: Principal | None, resources: Resources, *, by: Literal["id", "slug"], key: int | str
) -> Response:
    post = await reading.read(
        user,
        by=by,
        key=key,
        address=address_of(request.scope),
        headers_only=asks_for_headers_only(),
        resources=resources,
    )
    return post.response(request_headers())
