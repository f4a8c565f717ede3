"""The middleware, outermost first, all of it pure ASGI (no BaseHTTPMiddleware) and none of it looking at the routes.

prefix       the path of PUBLIC_URL, where it has one
edge         request id, client address, security headers, access log, metrics
CORS         Starlette's, when origins are allowed: around every refusal, so that browsers can read it
admission    trusted hosts, rate limit, body size, the barrier that turns any exception into a problem
inner        the application's own: responses that are cached
compression  gzip for answers made now
"""

import re
from collections.abc import Mapping, Sequence

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from app.config import Settings
from app.http.context import request_context
from app.http.errors import Problem
from app.http.proxies import TrustedProxies
from app.http.ratelimit import Limit
from app.middleware.admission import AdmissionMiddleware
from app.middleware.compression import CompressionMiddleware
from app.middleware.edge import EdgeMiddleware
from app.middleware.prefix import PrefixMiddleware
from app.resources import Resources
from app.security.csrf import TOKEN_HEADER

_REQUEST_HEADERS = [
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    "Last-Event-ID",
    "X-Request-ID",
    "traceparent",
    "tracestate",
    "baggage",
    TOKEN_HEADER,
]
_RATE_LIMIT_HEADERS = ["Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]


def install_middleware(
    app: FastAPI,
    settings: Settings,
    resources: Resources,
    *,
    pages: Mapping[str, str],
    unlimited: tuple[str, ...],
    larger_bodies: tuple[re.Pattern[str], int] | None = None,
    inner: Sequence[Middleware] = (),
) -> None:
    """Put the middleware around ``app``; Starlette wants the innermost first.

    ``pages`` are the paths of HTML pages, each with its Content-Security-Policy; ``unlimited`` the paths without rate
    limit and host check. All of them are prefixes. ``larger_bodies`` are paths, and how many bytes are read there.
    ``inner`` is middleware of the application's own, outermost first: what is admitted passes it before it is routed.
    """
    app.add_middleware(CompressionMiddleware)
    for own in reversed(inner):
        app.add_middleware(own.cls, *own.args, **own.kwargs)
    app.add_middleware(
        AdmissionMiddleware,
        allowed_hosts=settings.allowed_hosts,
        max_body_bytes=settings.max_body_bytes,
        larger_bodies=larger_bodies,
        body_seconds=settings.body_seconds,
        limit=Limit("client", settings.rate_limit_requests, settings.rate_limit_window),
        unlimited=unlimited,
    )
    if settings.allowed_origins:
        app.add_middleware(
            ProblemCORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_credentials=settings.cors_allow_credentials,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_REQUEST_HEADERS,
            expose_headers=["ETag", "Location", "X-Request-ID", *_RATE_LIMIT_HEADERS],
            max_age=600,
        )
    if settings.traces:
        from app.observability.telemetry import TracedRequests  # imports OpenTelemetry

        app.add_middleware(TracedRequests)
    app.add_middleware(
        EdgeMiddleware,
        proxies=TrustedProxies(settings.trusted_proxies),
        access_log=resources.access_log,
        metrics=resources.metrics,
        pages=pages,
    )
    if settings.prefix:
        app.add_middleware(PrefixMiddleware, prefix=settings.prefix)


class ProblemCORSMiddleware(CORSMiddleware):
    """Starlette's CORS; a refused preflight has the shape of every other error."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        context = request_context.get()
        return Problem(400, f"{bytes(response.body).decode()}.", headers=kept).response(context.path if context else "")
