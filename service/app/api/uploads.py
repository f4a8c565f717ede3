"""Files in requests and answers: how one is sent, described, and given out again."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, BinaryIO, Final

import structlog
from fastapi import Request, Response
from starlette.datastructures import UploadFile
from starlette.responses import StreamingResponse

from app.api.dependencies import request_headers, resources_of
from app.auth.principal import Principal
from app.http.errors import InvalidInput, NotFound
from app.http.etag import is_not_modified
from app.http.ratelimit import Limit
from app.records.images import FIELD
from app.storage.images import ImageFile, Images
from app.storage.pictures import ACCEPTED, MEDIA_TYPES

log = structlog.get_logger(__name__)

FOREVER = "public, max-age=31536000, immutable"
"""Cache-Control of what anyone may see for as long as its address is told."""
A_DAY = "public, max-age=86400, immutable"
"""Of what may be hidden again, and then is only in caches for so long."""
ASK_AGAIN = "private, no-cache"

_BINARY: Final = {"type": "string", "format": "binary"}
UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One file. Its kind is read from its content; an animation becomes its first picture.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "additionalProperties": False,
                    "properties": {FIELD: {**_BINARY, "description": "The image."}},
                },
                "encoding": {FIELD: {"contentType": ACCEPTED}},
            }
        },
    }
}
"""`openapi_extra=` of a route that calls :func:`received`."""
IMAGE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The image.", "content": {media_type: {"schema": _BINARY} for media_type in MEDIA_TYPES}}
}
"""For `responses=` of a route that gives out an image."""


def upload_paths(api: str) -> re.Pattern[str]:
    """The paths that files are sent to, below where the API is."""
    return re.compile(re.escape(api) + r"/(users/\d+/avatar|posts/\d+/images)")


@asynccontextmanager
async def received(request: Request, user: Principal) -> AsyncGenerator[BinaryIO]:
    """The file that was sent. Call it once the user may do what the file is for: nothing of the body is read before.

    A large one comes by way of a temporary file. Raises TooManyRequests, InvalidInput; BadRequest, in the parser's
    words, for a form that is malformed or has more than the one file.
    """
    resources = resources_of(request)
    settings = resources.settings
    if settings.rate_limit_requests:
        limit = Limit("upload", settings.rate_limit_upload, settings.rate_limit_window)
        await resources.limiter.check(limit, str(user.user_id))
    async with request.form(max_files=1, max_fields=0) as form:
        file = form.get(FIELD)
        if not isinstance(file, UploadFile):
            detail = f"Send a form (multipart/form-data) with one file, called {FIELD}."
            raise InvalidInput.for_field(FIELD, detail, code="missing")
        yield file.file


async def image_response(request: Request, image: ImageFile, *, cache: str) -> Response:
    """The image to be shown, and never to be taken for anything else. Raises NotFound where the file is lost."""
    tag = f'"{image.id}"'
    headers = {
        "ETag": tag,
        "Cache-Control": cache,
        "Vary": "Authorization, Cookie",
        "Content-Security-Policy": "sandbox",  # beside the one that every answer has
        "Content-Disposition": f'inline; filename="{image.id}.{image.media_type.partition("/")[2]}"',
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    condition = request_headers().get(b"if-none-match")
    if condition is not None and is_not_modified(condition, tag.encode()):
        return Response(status_code=304, headers=headers)
    try:
        content = await resources_of(request).get(Images).read(image.id)
    except FileNotFoundError:
        log.error("upload.lost", image=str(image.id), remedy="restore the store of files with the database")
        raise NotFound("The file of this image is lost.") from None
    headers["Content-Length"] = str(image.byte_size)
    return StreamingResponse(content, headers=headers, media_type=image.media_type)
