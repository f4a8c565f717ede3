"""Hot reads: an anonymous GET that has been answered before is answered again, before routing and dependencies.

The endpoint remains the only place that makes an answer (and the only one OpenAPI knows); what it left in the cache is
what its next anonymous reader would get from it. The middleware outside (limits, ids, logs, metrics) sees every hit.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.context import RequestContext, request_context
from app.security.cookies import carries_session


class HotReadsMiddleware:
    """``prefixes`` are the paths whose anonymous answers may be cached."""

    def __init__(self, app: ASGIApp, *, prefixes: tuple[str, ...]) -> None:
        self.app = app
        self._prefixes = prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self._prefixes):
            context = request_context.get()
            if context is not None and _may_be_cached(context):
                answer = scope["app"].state.resources.hot.find(scope["path"], scope["query_string"])
                if answer is not None:
                    context.route = answer.route
                    status, headers, body = answer.render(context.headers, compress=True)
                    await send({"type": "http.response.start", "status": status, "headers": headers})
                    await send({"type": "http.response.body", "body": body})
                    return
        await self.app(scope, receive, send)


def _may_be_cached(context: RequestContext) -> bool:
    """A HEAD may not: to hand an answer out counts a reader."""
    return context.method == "GET" and b"authorization" not in context.headers and not carries_session(context.headers)
