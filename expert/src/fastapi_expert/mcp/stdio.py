"""Carries the protocol over standard input and output: one JSON message a line.

Short tools run one after another in a thread of their own, and so do long ones in another: the map is answered while a
check runs. A cancelled call's answer is dropped, and what a long one runs is ended; a client that asked for progress is
told that it goes on. Whatever a library prints goes to standard error: a stray line on standard output would break the
client.
"""

import itertools
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
TOLD_EVERY = 5.0
"""Seconds between two notices that a long call goes on."""


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
        self._short: queue.SimpleQueue[Json | None] = queue.SimpleQueue()
        self._long: queue.SimpleQueue[Json | None] = queue.SimpleQueue()
        self._pending: set[Any] = set()
        self._cancelled: set[Any] = set()
        self._running: object = None
        """The long call that runs now."""

    def run(self, source: BinaryIO) -> None:
        workers = [threading.Thread(target=self._work, args=(calls,), daemon=True) for calls in self._queues]
        for worker in workers:
            worker.start()
        while line := source.readline(MAX_LINE):
            self._receive(line)
        for calls in self._queues:
            calls.put(None)
        for worker in workers:
            while worker.is_alive():  # what was asked is answered, as long as somebody reads
                worker.join(0.2)
                if _is_closed(self._sink):
                    _end()

    @property
    def _queues(self) -> "tuple[queue.SimpleQueue[Json | None], queue.SimpleQueue[Json | None]]":
        return self._short, self._long

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
        method, params = request.get("method"), request.get("params")
        fields: Json = cast("Json", params) if isinstance(params, dict) else {}
        if method in {"tools/call", "resources/read"}:
            self._pending.add(_hashable(request.get("id")))
            is_long = method == "tools/call" and self._server.is_long(fields.get("name"))
            (self._long if is_long else self._short).put(request)
        elif method == "notifications/cancelled":
            identity = _hashable(fields.get("requestId"))
            if identity in self._pending:
                self._cancelled.add(identity)
                if identity == self._running:
                    _stop_tools()
        else:
            self._send(self._server.answer(cast("object", message)))

    def _work(self, calls: "queue.SimpleQueue[Json | None]") -> None:
        while (request := calls.get()) is not None:
            identity = _hashable(request.get("id"))
            if calls is self._long:
                self._running = identity
            answer = None if identity in self._cancelled else self._answered(request, told=calls is self._long)
            self._running = None if calls is self._long else self._running
            if identity not in self._cancelled:
                self._send(answer)
            self._pending.discard(identity)
            self._cancelled.discard(identity)

    def _answered(self, request: Json, *, told: bool) -> Json | None:
        """The server's answer; meanwhile the client is ``told`` that it goes on, if it asked."""
        token = _progress_token(request) if told else None
        if token is None:
            return self._server.answer(request)
        done = threading.Event()
        teller = threading.Thread(target=self._tell, args=(token, done), daemon=True)
        teller.start()
        try:
            return self._server.answer(request)
        finally:
            done.set()
            teller.join()  # no notice after the answer

    def _tell(self, token: str | int, done: threading.Event) -> None:
        for count in itertools.count():
            params: Json = {"progressToken": token, "progress": count * TOLD_EVERY, "message": "running"}
            self._send({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
            if done.wait(TOLD_EVERY):
                return

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
    _stop_tools(for_good=True)
    os._exit(0)


def _stop_tools(*, for_good: bool = False) -> None:
    """End what the gate or an addition runs."""
    process = sys.modules.get("fastapi_expert.gate.checks.process")
    if process is not None:
        (process.end_all if for_good else process.stop_all)()


def _progress_token(request: Json) -> str | int | None:
    params = request.get("params")
    meta = cast("Json", params).get("_meta") if isinstance(params, dict) else None
    token = cast("Json", meta).get("progressToken") if isinstance(meta, dict) else None
    return token if isinstance(token, str | int) else None


def _is_closed(sink: BinaryIO) -> bool:
    """Whether nobody reads the pipe any more."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(sink.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _hashable(identity: object) -> object:
    return identity if isinstance(identity, str | int | float) else None
