"""Event streams as their readers see them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx2
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WITHIN = 60.0
"""Seconds that anything is waited for."""


class Event(NamedTuple):
    """A comment has no name and its text as data."""

    name: str | None
    data: Any
    id: int | None = None


class Stream:
    """What comes of an answer: ``status``, ``headers``, and one event after the other."""

    def __init__(self, status: int, headers: dict[str, str], chunks: AsyncIterator[bytes]) -> None:
        self.status, self.headers = status, headers
        self._chunks = chunks
        self._read = b""

    async def any(self) -> Event | None:
        """The next event or comment; None at the end."""
        while b"\n\n" not in self._read:
            try:
                self._read += await anext(self._chunks)
            except StopAsyncIteration:
                return None
        block, _, self._read = self._read.partition(b"\n\n")
        fields = dict(line.split(": ", 1) for line in block.decode().split("\n"))
        if "" in fields:
            return Event(None, fields[""])
        return Event(fields["event"], json.loads(fields["data"]), int(fields["id"]) if "id" in fields else None)

    async def next(self) -> Event | None:
        """The next event; None at the end."""
        async with asyncio.timeout(WITHIN):
            while (found := await self.any()) is not None and found.name is None:
                pass
            return found

    async def rest(self) -> list[Event]:
        found: list[Event] = []
        while (event := await self.next()) is not None:
            found.append(event)
        return found


@asynccontextmanager
async def followed(
    app: ASGIApp, path: str, headers: dict[str, str] | None = None, *, sends: bool = True
) -> AsyncIterator[Stream]:
    """The answer of an application in this process, read while it is written.

    Where the reader ``sends`` nothing, the body of the request never comes.
    """
    messages: asyncio.Queue[Message | None] = asyncio.Queue()
    left = asyncio.Event()
    asked = not sends

    async def receive() -> Message:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def serve() -> None:
        lines = [
            (name.lower().encode(), value.encode("latin-1"))
            for name, value in {"Host": "localhost", **(headers or {})}.items()
        ]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": lines,
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 1),
        }
        try:
            await app(scope, receive, messages.put)
        finally:
            await messages.put(None)

    async def chunks() -> AsyncIterator[bytes]:
        while (message := await messages.get()) is not None:
            yield message["body"]

    serving = asyncio.create_task(serve())
    try:
        start = await messages.get() or await serving  # which raises what it has failed with
        assert start is not None
        told = {name.decode(): value.decode() for name, value in start["headers"]}
        yield Stream(start["status"], told, chunks())
    finally:
        left.set()
        await serving


@asynccontextmanager
async def followed_live(
    client: httpx2.AsyncClient, path: str, headers: dict[str, str] | None = None
) -> AsyncIterator[Stream]:
    """The answer of a real server."""
    async with client.stream("GET", path, headers=headers, timeout=WITHIN) as answer:
        yield Stream(answer.status_code, dict(answer.headers), answer.aiter_raw())


class LeavesStreams:
    """An application as readers see it who leave every event stream once it has begun: none of them ends by itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = asyncio.Event()
        streams = False

        async def receive_until_left() -> Message:
            waits = [asyncio.ensure_future(receive()), asyncio.ensure_future(left.wait())]
            _, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for other in others:
                other.cancel()
            return {"type": "http.disconnect"} if left.is_set() else waits[0].result()

        async def send_until_left(message: Message) -> None:
            nonlocal streams
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                streams = headers.get(b"content-type", b"").startswith(b"text/event-stream")
            await send(message)
            if streams and message.get("more_body"):
                left.set()

        await self._app(scope, receive_until_left, send_until_left)
        if left.is_set():
            await send({"type": "http.response.body", "body": b""})
