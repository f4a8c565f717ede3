"""An anonymous GET that has been answered before is answered again, before routing and dependencies.

The endpoint remains the only place that makes an answer (and the only one OpenAPI knows); what it left in the cache is
what its next anonymous reader would get from it. The middleware outside (limits, ids, logs, metrics) sees every hit.
"""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.cached_json import CachedJSON
from app.http.context import RequestContext, request_context
from app.security.cookies import carries_session

FindResponse = Callable[[str, bytes], CachedJSON | None]
"""The response kept for a path and a query string, if there is one."""


class ResponseCacheMiddleware:
    """``prefixes`` are the paths whose anonymous responses may be cached; ``find`` looks one up."""

    def __init__(self, app: ASGIApp, *, prefixes: tuple[str, ...], find: FindResponse) -> None:
        self.app = app
        self._prefixes = prefixes
        self._find = find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self._prefixes):
            context = request_context.get()
            if context is not None and _may_be_cached(context):
                found = self._find(scope["path"], scope["query_string"])
                if found is not None:
                    context.route = found.route
                    status, headers, body = found.render(context.headers, compress=True)
                    await send({"type": "http.response.start", "status": status, "headers": headers})
                    await send({"type": "http.response.body", "body": body})
                    return
        await self.app(scope, receive, send)


def _may_be_cached(context: RequestContext) -> bool:
    """A HEAD may not: to hand a response out counts a reader."""
    return context.method == "GET" and b"authorization" not in context.headers and not carries_session(context.headers)
