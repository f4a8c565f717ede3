"""What is known about the request being served, for logs, errors, limits and the answer's headers."""

from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any


class RequestContext:
    """Facts about one request, collected once at the edge.

    ``method`` is the one that was sent: a HEAD is served as a GET. ``headers`` are the request's (of repeated ones the
    last); ``client`` is the address behind trusted proxies; ``user_id`` is set by authentication; ``answer_headers``
    are added to whatever answer leaves; ``route`` is the template that matched; ``status`` is the answer's, once it has
    started; ``traceparent`` names the span of a traced request (W3C Trace Context); ``began`` is when an answer that
    lasts began (of ``perf_counter``): the time until then is what is measured of it.
    """

    __slots__ = (
        "answer_headers",
        "began",
        "client",
        "headers",
        "method",
        "path",
        "request_id",
        "route",
        "status",
        "traceparent",
        "user_id",
    )

    def __init__(self, *, request_id: str, client: str, method: str, path: str, headers: dict[bytes, bytes]) -> None:
        self.request_id = request_id
        self.client = client
        self.method = method
        self.path = path
        self.headers = headers
        self.user_id: int | None = None
        self.answer_headers: list[tuple[bytes, bytes]] = []
        self.route: str | None = None
        self.status = 0
        self.traceparent: str | None = None
        self.began: float | None = None


request_context: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current_request_id() -> str | None:
    """Id of the request being served; ``None`` outside of one."""
    context = request_context.get()
    return context.request_id if context else None


def trace_id(traceparent: str) -> str:
    """The second of its four fields."""
    return traceparent.split("-")[1]


def add_request_context(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: the request and the user on every line written while one is served."""
    context = request_context.get()
    if context is not None:
        event.setdefault("request_id", context.request_id)
        if context.user_id is not None:
            event.setdefault("user_id", context.user_id)
        if context.traceparent is not None:
            event.setdefault("trace_id", trace_id(context.traceparent))
    return event
