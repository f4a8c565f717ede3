"""Hot reads: an anonymous GET that has been answered before is answered again, before routing and dependencies.

The endpoint remains the only place that makes an answer (and the only one OpenAPI knows); what it left in the cache is
what its next anonymous reader would get from it. The middleware outside (limits, ids, logs, metrics) sees every hit.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.context import request_context
from app.core.cookies import carries_session


class HotReadsMiddleware:
    """``prefixes`` are the paths whose anonymous answers may be cached."""

    def __init__(self, app: ASGIApp, *, prefixes: tuple[str, ...]) -> None:
        self.app = app
        self._prefixes = prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(self._prefixes):
            context = request_context.get()
            if context is not None and not (b"authorization" in context.headers or carries_session(context.headers)):
                answer = scope["app"].state.resources.hot.find(scope["path"], scope["query_string"])
                if answer is not None:
                    context.route = answer.route
                    status, headers, body = answer.render(context.headers, compress=True)
                    await send({"type": "http.response.start", "status": status, "headers": headers})
                    await send({"type": "http.response.body", "body": body})
                    return
        await self.app(scope, receive, send)
