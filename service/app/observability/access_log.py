"""One line per request, formatted and written in batches: by itself each would cost more than a cached answer.

Lines carry what structlog's other lines carry (timestamp, level, event, request_id, user_id), so one query finds all.
The query string is left out: it is where people put what must not be logged.
"""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import time
from typing import TextIO

import orjson

from app.http.context import RequestContext

FLUSH_AFTER = 0.1  # seconds a line may wait
FLUSH_AT = 256  # lines

Entry = tuple[float, RequestContext, str, int, float]
"""When a request ended (Unix seconds), what is known of it, its method, its status, and how many seconds it took."""


class AccessLog:
    """``as_json``: one JSON object per line (production); otherwise a line to read. ``enabled`` off writes nothing."""

    def __init__(self, *, as_json: bool, enabled: bool = True, stream: TextIO | None = None) -> None:
        self._format: Callable[..., str] = _json_line if as_json else _console_line
        self._enabled = enabled
        self._stream = stream
        self._entries: list[Entry] = []
        self._timer: asyncio.TimerHandle | None = None

    def write(self, context: RequestContext, *, method: str, status: int, seconds: float) -> None:
        if not self._enabled:
            return
        self._entries.append((time(), context, method, status, seconds))
        if len(self._entries) >= FLUSH_AT:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_AFTER, self.flush)

    def flush(self) -> None:
        """Write what has been collected; called by a timer, when the batch is full, and at shutdown."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        entries, self._entries = self._entries, []
        if entries:
            stream = self._stream or sys.stdout
            stream.write("".join([self._format(*entry) for entry in entries]))
            stream.flush()


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _json_line(ended: float, context: RequestContext, method: str, status: int, seconds: float) -> str:
    line: dict[str, object] = {
        "timestamp": _timestamp(ended),
        "level": "info",
        "event": "request",
        "method": method,
        "path": _printable(context.path),
        "status": status,
        "duration_ms": round(seconds * 1000, 3),
        "client": context.client,
        "request_id": context.request_id,
    }
    if context.user_id is not None:
        line["user_id"] = context.user_id
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE).decode()


def _console_line(ended: float, context: RequestContext, method: str, status: int, seconds: float) -> str:
    who = f" user_id={context.user_id}" if context.user_id is not None else ""
    shown = _printable(context.path).encode("unicode_escape").decode()  # a path must not move the reader's cursor
    return (
        f"{_timestamp(ended)} [info     ] {method} {shown} {status} {seconds * 1000:.1f} ms"
        f" client={context.client} request_id={context.request_id}{who}\n"
    )


def _printable(path: str) -> str:
    return path if path.isascii() else path.encode("utf-8", "replace").decode()
