"""The middleware, outermost first, all of it pure ASGI (no BaseHTTPMiddleware) and none of it looking at the routes.

edge         request id, client address, security headers, access log, metrics
CORS         Starlette's, when origins are allowed: around every refusal, so that browsers can read it
admission    trusted hosts, rate limit, body size, the barrier that turns any exception into a problem
hot reads    anonymous answers made before
compression  gzip for answers made now
"""

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from app.config import Settings
from app.http.context import request_context
from app.http.docs import DOCS_POLICY
from app.http.errors import Problem
from app.http.proxies import TrustedProxies
from app.http.ratelimit import Limit
from app.middleware.admission import AdmissionMiddleware
from app.middleware.compression import CompressionMiddleware
from app.middleware.edge import EdgeMiddleware
from app.middleware.response_cache import HotReadsMiddleware
from app.resources import Resources
from app.security.csrf import TOKEN_HEADER

ADMIN = "/admin"
"""Where the admin site is."""

ADMIN_FILES = f"{ADMIN}/static"


def admin_policy(nonce: str | None = None) -> str:
    """The policy of the admin site: its files' scripts and, of those inside a page, what bears the page's ``nonce``."""
    scripts = "'self'" if nonce is None else f"'self' 'nonce-{nonce}'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


# The pages that mails link to (app.api.pages), and their files.
MAIL_PAGES = ("/verify-email", "/forgot-password", "/reset-password")
MAIL_PAGE_FILES = "/pages"
MAIL_PAGES_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

_REQUEST_HEADERS = [
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    "X-Request-ID",
    TOKEN_HEADER,
]
_RATE_LIMIT_HEADERS = ["Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]


def install_middleware(app: FastAPI, settings: Settings, resources: Resources) -> None:
    """Put the middleware around ``app``; Starlette wants the innermost first."""
    api = settings.api_v1_str
    docs = (f"{api}/docs", f"{api}/redoc")
    app.add_middleware(CompressionMiddleware)
    app.add_middleware(HotReadsMiddleware, prefixes=(f"{api}/posts", f"{api}/tags"))
    app.add_middleware(
        AdmissionMiddleware,
        allowed_hosts=settings.allowed_hosts,
        max_body_bytes=settings.max_body_bytes,
        limit=Limit("client", settings.rate_limit_requests, settings.rate_limit_window),
        unlimited=("/health", "/metrics", ADMIN_FILES, *docs),
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
        pages={
            **dict.fromkeys(docs, DOCS_POLICY),
            **dict.fromkeys(MAIL_PAGES, MAIL_PAGES_POLICY),
            ADMIN: admin_policy(),
        },
    )


class ProblemCORSMiddleware(CORSMiddleware):
    """Starlette's CORS; a refused preflight has the shape of every other error."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        context = request_context.get()
        return Problem(400, f"{bytes(response.body).decode()}.", headers=kept).response(context.path if context else "")
