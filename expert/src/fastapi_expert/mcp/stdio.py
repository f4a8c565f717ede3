"""Carries the protocol over standard input and output: one JSON message a line.

Tools run one after another in a thread of their own, so that `ping` and the lists are answered while a check runs,
and a cancelled call's answer is dropped. Whatever a library prints goes to standard error: a stray line on standard
output would break the client.
"""

import json
import os
import queue
import select
import signal
import sys
import threading
from typing import Any, BinaryIO, NoReturn, cast

from fastapi_expert.mcp.protocol import PARSE_ERROR, RpcError, Server
from fastapi_expert.tool import Json

MAX_LINE = 16 * 1024 * 1024


def serve(server: Server) -> None:
    """Serve until standard input ends."""
    source = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGTERM, _end)
    _Connection(server, sink).run(source)


class _Connection:
    def __init__(self, server: Server, sink: BinaryIO) -> None:
        self._server = server
        self._sink = sink
        self._writing = threading.Lock()
        self._calls: queue.SimpleQueue[Json | None] = queue.SimpleQueue()
        self._pending: set[Any] = set()
        self._cancelled: set[Any] = set()

    def run(self, source: BinaryIO) -> None:
        worker = threading.Thread(target=self._work, name="tools", daemon=True)
        worker.start()
        while line := source.readline(MAX_LINE):
            self._receive(line)
        self._calls.put(None)
        while worker.is_alive():  # what was asked is answered, as long as somebody reads
            worker.join(0.2)
            if _is_closed(self._sink):
                _end()

    def _receive(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            message: object = json.loads(line)
        except (ValueError, RecursionError) as error:
            problem = RpcError(PARSE_ERROR, f"not JSON: {error}")
            self._send({"jsonrpc": "2.0", "id": None, "error": {"code": problem.code, "message": str(problem)}})
            return
        request: Json = cast("Json", message) if isinstance(message, dict) else {}
        method = request.get("method")
        if method in {"tools/call", "resources/read"}:
            self._pending.add(_hashable(request.get("id")))
            self._calls.put(request)
        elif method == "notifications/cancelled":
            params = request.get("params")
            identity = _hashable(cast("Json", params).get("requestId")) if isinstance(params, dict) else None
            if identity in self._pending:
                self._cancelled.add(identity)
        else:
            self._send(self._server.answer(cast("object", message)))

    def _work(self) -> None:
        while (request := self._calls.get()) is not None:
            identity = _hashable(request.get("id"))
            answer = None if identity in self._cancelled else self._server.answer(request)
            if identity not in self._cancelled:
                self._send(answer)
            self._pending.discard(identity)
            self._cancelled.discard(identity)

    def _send(self, message: Json | None) -> None:
        if message is None:
            return
        line = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        with self._writing:
            try:
                self._sink.write(line)
                self._sink.flush()
            except (BrokenPipeError, ValueError):
                _end()


def _end(*_: object) -> NoReturn:
    """The client is gone: end with every tool that runs, whatever threads are at."""
    process = sys.modules.get("fastapi_expert.gate.checks.process")
    if process is not None:
        process.stop_all()
    os._exit(0)


def _is_closed(sink: BinaryIO) -> bool:
    """Whether nobody reads the pipe any more."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(sink.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _hashable(identity: object) -> object:
    return identity if isinstance(identity, str | int | float) else None
