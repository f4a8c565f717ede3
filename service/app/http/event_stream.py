"""Server-sent events (WHATWG HTML §9.2): an answer that lasts, fed by others in this process.

While it lasts it holds a bounded number of events that its reader has not taken yet, and nothing of any server: no
session, no connection. FastAPI has a stream of its own; docs/decisions/0021 compares them.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable
from time import perf_counter

import structlog
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app.http.context import request_context
from app.kit.background import end
from app.kit.json import json_bytes

log = structlog.get_logger(__name__)

MOST_WAITING = 100
"""Events that a reader may be behind."""

TRUSTED_SECONDS = 1.0
"""How old the last look at a reader's credentials may be when something is sent that is not for everybody."""

MayGoOn = Callable[[], Awaitable[bool]]


def event(name: str, data: object, *, id: int | None = None, retry: int | None = None) -> bytes:
    """One event as it is sent; ``retry`` is in milliseconds."""
    return format_sse_event(
        event=name, data_str=json_bytes(data).decode(), id=None if id is None else str(id), retry=retry
    )


class EventStream(Response):
    """An answer of events. :meth:`put` and :meth:`end` never wait.

    A comment is sent after ``heartbeat`` seconds of silence; a reader who takes nothing for twice that time is given
    up. ``until`` (Unix seconds) is when the reader's credentials end, and ``may_go_on`` looks whether they have ended
    before: with each heartbeat, when :meth:`doubt` is called, and before anything private. Every end but the reader's
    own is told by the event ``end``, whose data says why.
    """

    media_type = "text/event-stream"

    def __init__(self, *, heartbeat: float, until: float | None = None, may_go_on: MayGoOn | None = None) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})  # the latter is for nginx
        self.ended: str | None = None
        """Why it has, or is about to."""
        self._heartbeat = heartbeat
        self._until = until
        self._may_go_on = may_go_on
        self._checked = time.monotonic()
        self._doubtful = False
        self._private = False
        self._waiting: list[bytes] = []
        self._woken = asyncio.Event()

    def begin(self, events: Iterable[bytes]) -> None:
        """Send these before whatever has been put meanwhile."""
        self._waiting[:0] = events

    def put(self, event: bytes, *, instead: bytes, private: bool = False) -> None:
        """Send an event; ``instead`` of all that wait, where they would be too many."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting, event = [], instead
        self._private = self._private or private
        self._waiting.append(event)
        self._woken.set()

    def doubt(self) -> None:
        """Look at the reader's credentials before anything more is sent."""
        self._doubtful = True
        self._woken.set()

    def end(self, reason: str) -> None:
        """Send what waits, say why, and end."""
        self.ended = self.ended or reason
        self._woken.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = request_context.get()
        if context is not None:
            context.began = perf_counter()
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if context is not None and context.method == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        watching = asyncio.create_task(self._notice_leaving(receive), name="event-stream-reader")
        try:
            await self._write(send)
        except (TimeoutError, OSError):
            self.ended = "stalled"
        finally:
            await end(watching)

    async def _write(self, send: Send) -> None:
        while True:
            waiting, self._waiting = self._waiting, []
            if self.ended is not None:
                waiting.append(event("end", {"reason": self.ended}))
            await self._send(send, b"".join(waiting) or KEEPALIVE_COMMENT)
            if self.ended is not None:
                return
            await self._wait()
            if self.ended is None:
                await self._look_at_credentials()

    async def _send(self, send: Send, content: bytes) -> None:
        if self.ended == "left":
            return
        message: Message = {"type": "http.response.body", "body": content, "more_body": self.ended is None}
        async with asyncio.timeout(2 * self._heartbeat):
            await send(message)

    async def _wait(self) -> None:
        """Until there is something to do: to send, to check, to end, or to say that we are here."""
        seconds = self._heartbeat if self._until is None else min(self._heartbeat, self._until - time.time())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()

    async def _look_at_credentials(self) -> None:
        if self._until is not None and time.time() >= self._until:
            self._refuse("expired")
            return
        stale = self._private and time.monotonic() - self._checked > TRUSTED_SECONDS
        if self._may_go_on is None or not (self._doubtful or stale or not self._waiting):
            return
        self._doubtful = self._private = False
        self._checked = time.monotonic()
        try:
            if not await self._may_go_on():
                self._refuse("signed-out")
        except Exception as error:  # nobody can say now whether they may: they ask again when they come back
            log.warning("event_stream.unavailable", error=type(error).__name__)
            self._refuse("unavailable")

    def _refuse(self, reason: str) -> None:
        self._waiting = []
        self.ended = reason

    async def _notice_leaving(self, receive: Receive) -> None:
        # A body, which nobody needs here, may be too large or never come: its sender is not heard of any more.
        with contextlib.suppress(HTTPException):
            while (await receive())["type"] != "http.disconnect":
                pass
        self.end("left")
