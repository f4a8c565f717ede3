"""gzip for answers that were not made compressed.

Starlette's own middleware keeps the entity tag of the plain form on the gzipped one; two representations with one
strong tag break caches (RFC 9110 §8.8.3.3). This one gives each its own, and leaves alone what is marked ``no-store``:
answers with tokens must not be compressed beside text that a caller chose (BREACH).
"""

import gzip

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.cached_json import GZIP_FROM, GZIP_LEVEL, accepts_gzip
from app.http.context import request_context
from app.http.etag import gzip_tag

_COMPRESSIBLE = (b"application/json", b"application/problem+json", b"text/", b"application/javascript", b"image/svg")


class CompressionMiddleware:
    """Compresses answers that come in one piece; streams pass as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = request_context.get()
        if scope["type"] != "http" or context is None or not accepts_gzip(context.headers.get(b"accept-encoding", b"")):
            await self.app(scope, receive, send)
            return
        start: Message | None = None

        async def compress(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message  # held back until the body tells what it is
                return
            if start is not None:
                head, start = start, None
                if message["type"] == "http.response.body" and not message.get("more_body", False):
                    head, message = _compressed(head, message)
                await send(head)
            await send(message)

        await self.app(scope, receive, compress)


def _compressed(head: Message, body: Message) -> tuple[Message, Message]:
    content = body.get("body", b"")
    headers = {name.lower(): value for name, value in head["headers"]}
    if (
        len(content) < GZIP_FROM
        or b"content-encoding" in headers
        or b"no-store" in headers.get(b"cache-control", b"")
        or not headers.get(b"content-type", b"").startswith(_COMPRESSIBLE)
    ):
        return head, body
    packed = gzip.compress(content, GZIP_LEVEL, mtime=0)
    changed = {b"content-length": b"%d" % len(packed)}
    if b"etag" in headers:
        changed[b"etag"] = gzip_tag(headers[b"etag"])
    vary = headers.get(b"vary", b"")
    if b"accept-encoding" not in vary.lower():
        changed[b"vary"] = vary + b", Accept-Encoding" if vary else b"Accept-Encoding"
    kept = [(name, value) for name, value in head["headers"] if name.lower() not in changed]
    head = {**head, "headers": [*kept, *changed.items(), (b"content-encoding", b"gzip")]}
    return head, {**body, "body": packed}
