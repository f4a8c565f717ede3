"""What the OpenAPI document says of this service: its description, and the ways to sign in."""

from typing import Any

from app.config import Settings
from app.http.openapi import Additions, Requirement
from app.security.cookies import names_for

DESCRIPTION = """\
Users who write posts. Sign in under **auth** (or with *Authorize*), write a draft, publish it now or at a later time.

Browsers sign in with `cookies=true` and never see a token; programs use personal API tokens, which may do what their
scopes name.

Errors are `application/problem+json` (RFC 9457) with a `request_id` to quote. Single resources carry an `ETag`: send it
back as `If-Match` and no update is lost, or as `If-None-Match` and what you have is not sent again. A `POST` under an
`Idempotency-Key` may be repeated. Lists are numbered up to row 10,000; `next_cursor` leads on from any page.
"""
TAGS = [
    {"name": "auth", "description": "Sign up, in and out; sessions, API tokens, passwords, verified addresses."},
    {"name": "users", "description": "Profiles, statistics, and what administrators may do."},
    {"name": "posts", "description": "Drafts, published and scheduled posts: written, found, read, counted."},
    {"name": "tags", "description": "Labels of posts, and how many bear them."},
    {"name": "health", "description": "For load balancers, orchestrators and Prometheus."},
]

SCHEME = "Bearer"
OPTIONAL_SCHEME = "OptionalBearer"
"""The scheme of dependencies whose token may be missing: FastAPI has no way to say so."""
_COOKIE_SCHEME, _API_TOKEN_SCHEME = "Cookie", "ApiToken"

_PROBLEM_MEMBERS = {
    "mfa_token": {
        "type": "string",
        "description": "With `urn:problem-type:second-factor-required`: login/second-factor wants it and a code.",
    },
    "expires_in": {"type": "integer", "description": "Seconds the mfa_token is good for."},
}


def additions(settings: Settings, *, unlimited: tuple[str, ...]) -> Additions:
    """For :func:`~app.http.openapi.install_openapi`; ``unlimited`` are the paths without a rate limit."""
    return Additions(
        security_schemes=_schemes(settings),
        token_url=f"{settings.api_path}/auth/login",
        placeholder_scheme=OPTIONAL_SCHEME,
        ways_in=_ways_in,
        problem_members=_PROBLEM_MEMBERS,
        unlimited=unlimited,
    )


def _schemes(settings: Settings) -> dict[str, Any]:
    secure, plain = (names_for(https=https, prefix=settings.prefix).access for https in (True, False))
    return {
        _COOKIE_SCHEME: {
            "type": "apiKey",
            "in": "cookie",
            "name": secure,
            "description": f"For browsers: set by signing in with `cookies=true` (`{plain}` on plain http). What "
            "changes something must come from a page of this site.",
        },
        _API_TOKEN_SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "pat_…",
            "description": "For programs: a personal API token with the scopes an operation names, made under "
            "`/auth/tokens`.",
        },
    }


def _ways_in(asked: list[Requirement]) -> list[Requirement]:
    """Every way to satisfy what the dependencies ask for; an API token only where a scope is named."""
    scopes = sorted({scope for scheme in asked for names in scheme.values() for scope in names})
    ways: list[Requirement] = [{SCHEME: scopes}, {_COOKIE_SCHEME: []}]
    if scopes:
        ways.append({_API_TOKEN_SCHEME: scopes})
    return [{}, *ways] if any(OPTIONAL_SCHEME in scheme for scheme in asked) else ways
