"""Admission: which requests are let in, and the barrier that turns every failure into a problem.

Refusals here cost nothing but themselves: nothing has been parsed, routed or fetched yet.
"""

import asyncio
import contextlib
import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.context import RequestContext, request_context
from app.http.errors import SCHEMA, BadRequest, problem_for
from app.http.ratelimit import Limit, RateLimiter, client_key

log = structlog.get_logger(__name__)

MAX_KNOWN_HOSTS = 1024
FORM_LIMIT = 1_048_576
"""Bytes of a URL-encoded form. Starlette's parser takes no longer field, and calls a longer one malformed."""

READ_ON_BYTES, READ_ON_SECONDS = 16_777_216, 1.0
"""How much more of a body that is too large is read, and for how long."""

STALLED_SECONDS = 30.0
"""How long the next piece of a body may take."""


class AdmissionMiddleware:
    """Trusted hosts, request rate, body size, and answers to whatever is raised inside.

    ``unlimited`` are the path prefixes that neither the rate limit nor the host check touches: probes and scrapes
    come by address, often and from one place. ``larger_bodies`` are paths, and the bytes of their bodies.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed_hosts: Iterable[str],
        max_body_bytes: int,
        body_seconds: float,
        limit: Limit,
        unlimited: tuple[str, ...],
        larger_bodies: tuple[re.Pattern[str], int] | None = None,
    ) -> None:
        self.app = app
        self._hosts = AllowedHosts(allowed_hosts)
        self._max_body_bytes = max_body_bytes
        self._body_seconds = body_seconds
        self._limit = limit
        self._unlimited = unlimited
        self._larger_bodies = larger_bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = request_context.get()
        if scope["type"] != "http" or context is None:
            await self.app(scope, receive, send)
            return
        try:
            _require_utf8(scope)
            if not scope["path"].startswith(self._unlimited):
                self._hosts.check(context.headers.get(b"host", b""))
                if self._limit.requests:
                    await self._count(scope["app"].state.resources.limiter, context)
            if b"content-length" in context.headers or b"transfer-encoding" in context.headers:
                receive = await self._bounded(receive, context)
            await self.app(scope, receive, send)
        except Exception as exc:
            if context.status:
                raise  # half an answer is out: only the server can still say so, by closing the connection
            problem = problem_for(exc)
            if problem.status == 500 or problem is SCHEMA:  # or somebody has misspelt a column
                log.exception("request.failed", method=scope["method"], path=scope["path"])
            elif problem.status == 503:
                log.warning("request.unavailable", error=type(exc).__name__, reason=str(exc)[:200], path=scope["path"])
            await problem.response(scope["path"])(scope, receive, send)

    async def _count(self, limiter: RateLimiter, context: RequestContext) -> None:
        key = client_key(context.client)
        verdict = limiter.decide(self._limit, key) or await limiter.ask(self._limit, key)
        limiter.enforce(self._limit, verdict)
        context.answer_headers += (
            (b"ratelimit-limit", b"%d" % self._limit.requests),
            (b"ratelimit-remaining", b"%d" % verdict.remaining),
            (b"ratelimit-reset", b"%d" % verdict.reset),
        )

    async def _bounded(self, receive: Receive, context: RequestContext) -> Receive:
        """``receive`` that refuses a body beyond the limit, declared or not, and one that does not come on."""
        headers = context.headers
        limit, content_length = self._limit_at(context.path), headers.get(b"content-length")
        if headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded"):
            limit = min(limit, FORM_LIMIT)
        detail = f"The body is larger than {limit} bytes, the most this service reads."
        too_large = HTTPException(413, detail, headers={"Connection": "close"})  # the rest of it is in the way of more
        if content_length is not None and content_length.isdigit() and int(content_length) > limit:
            if b"expect" not in headers:  # who expects a 100 has sent nothing yet
                await _read_on(receive)
            raise too_large
        size, whole = 0, False
        clock = asyncio.get_running_loop().time
        ends = clock() + self._body_seconds

        async def receive_bounded() -> Message:
            nonlocal size, whole
            if whole:  # what comes next is that the client leaves
                return await receive()
            try:
                async with asyncio.timeout(min(STALLED_SECONDS, ends - clock())):
                    message = await receive()
            except TimeoutError:
                stopped = f"stopped for {STALLED_SECONDS:g} seconds before its end"
                detail = (
                    f"The body {stopped if clock() < ends else f'took longer than {self._body_seconds:g} seconds'}."
                )
                raise HTTPException(408, detail, headers={"Connection": "close"}) from None
            size += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if size > limit:
                await _read_on(receive)
                raise too_large
            return message

        return receive_bounded

    def _limit_at(self, path: str) -> int:
        if self._larger_bodies is not None and self._larger_bodies[0].fullmatch(path):
            return self._larger_bodies[1]
        return self._max_body_bytes


async def _read_on(receive: Receive) -> None:
    """Read some of a refused body: closing a connection with unread bytes resets it, and the answer is lost."""
    left = READ_ON_BYTES
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(READ_ON_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return


def _require_utf8(scope: Scope) -> None:
    """An address that is not UTF-8 names nothing; decoding it leniently would make it name something else."""
    for part in (scope.get("raw_path") or b"", scope["query_string"]):
        if b"%" in part:
            try:
                unquote_to_bytes(part).decode()
            except UnicodeDecodeError:
                raise BadRequest("The address is not valid: its percent-encoded bytes are not UTF-8.") from None


class AllowedHosts:
    """The names this service answers to: exact, ``*.example.com`` for every name below, or ``*`` for any."""

    def __init__(self, patterns: Iterable[str]) -> None:
        names = [pattern.lower() for pattern in patterns]
        self._any = "*" in names
        self._exact = {name for name in names if not name.startswith("*.")}
        self._suffixes = tuple(name[1:] for name in names if name.startswith("*."))
        self._known: set[bytes] = set()

    def check(self, header: bytes) -> None:
        """Raises :class:`BadRequest` unless the Host header names one of them."""
        if self._any or header in self._known:
            return
        host = header.decode("latin-1").lower()
        name = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
        if name not in self._exact and not (self._suffixes and name.endswith(self._suffixes)):
            raise BadRequest("The Host header does not name a host this service answers to.")
        if len(self._known) < MAX_KNOWN_HOSTS:
            self._known.add(header)
