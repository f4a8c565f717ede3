"""A closed-loop HTTP/1.1 load generator: N keep-alive connections, each with one request in flight.

It spends about 15 µs a request (uvloop, one header search per answer), a quarter of what the fastest floor spends, so
the server's core saturates first. It needs nothing that is not already installed, counts every status, and lets two
loads share one loop, which `wrk` does not.
"""

import asyncio
import time
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """One request, encoded once. `path` carries its query; a body is sent as given."""

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def encoded(self, host: str) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in self.headers)]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass
class Load:
    """What came back: seconds per answer, how many of each status, and how many connections broke."""

    seconds: float = 0.0
    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    body_bytes: int = 0

    @property
    def answers(self) -> int:
        return len(self.latencies)

    @property
    def errors(self) -> int:
        return self.broken + sum(count for status, count in self.statuses.items() if status >= 400)

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds within which `share` (0–1) of the answers came."""
        if not self.latencies:
            return float("nan")
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last answer is complete."""

    def __init__(self, load: Load, next_request: Callable[[], bytes | None], closed: Callable[[], None]) -> None:
        self.load, self.next_request, self.closed = load, next_request, closed
        self.received = b""
        self.waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]  # a TCP transport, by construction

    def send(self) -> None:
        request = self.next_request()
        if request is None:
            self.transport.close()
            return
        self.waiting = True
        self.sent_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received = received = self.received + data if self.received else data
        head_end = received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = received[:head_end].lower()
        status = int(head[9:12])
        length_at = head.find(b"content-length:")
        if length_at < 0 and status != 304:
            raise ValueError(f"an answer without Content-Length cannot be measured: {head!r}")
        length = 0 if status == 304 else int(head[length_at + 15 :].split(b"\r\n", 1)[0])
        if len(received) < head_end + 4 + length:
            return
        self.load.latencies.append(time.perf_counter() - self.sent_at)
        self.load.statuses[status] += 1
        self.load.body_bytes += length
        self.received = b""
        self.waiting = False
        if b"\r\nconnection: close" in head:
            self.transport.close()
        else:
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        self.load.broken += self.waiting
        self.closed()


async def drive(
    address: tuple[str, int],
    requests: Sequence[Request],
    *,
    connections: int,
    seconds: float,
    first: int = 0,
    clients: Sequence[str] = (),
    on_start: Callable[[], object] = lambda: None,
    on_bell: Callable[[], object] = lambda: None,
) -> Load:
    """Keep `connections` busy with `requests` in turn, from the `first` on; after `seconds` what is under way counts.

    `clients` are the addresses (of 127.0.0.0/8) that connections come from, in turn.
    All connections are open before the clock starts; `on_start` and `on_bell` are called at its start and end. A
    connection that breaks is counted and opened again. Nothing is retried.
    """
    host, port = address
    loop = asyncio.get_running_loop()
    encoded = [request.encoded(f"{host}:{port}") for request in requests]
    load = Load()
    bell = float("inf")
    sent, opened_so_far = first, 0

    def next_request() -> bytes | None:
        nonlocal sent
        if time.perf_counter() >= bell:
            return None
        sent += 1
        return encoded[sent % len(encoded)]

    async def opened() -> "tuple[_Connection, asyncio.Future[None]]":
        nonlocal opened_so_far
        opened_so_far += 1
        client = (clients[opened_so_far % len(clients)], 0) if clients else None
        ended = loop.create_future()
        connection = _Connection(load, next_request, lambda: ended.done() or ended.set_result(None))
        await loop.create_connection(lambda: connection, host, port, local_addr=client)
        return connection, ended

    async def keep_busy(connection: _Connection, ended: "asyncio.Future[None]") -> None:
        while True:
            connection.send()
            await ended
            if time.perf_counter() >= bell:
                return
            connection, ended = await opened_again()

    async def opened_again() -> "tuple[_Connection, asyncio.Future[None]]":
        while True:
            try:
                return await opened()
            except OSError:
                load.broken += 1
                await asyncio.sleep(0.05)

    ready = [await opened() for _ in range(connections)]
    on_start()
    started = time.perf_counter()
    bell = started + seconds
    loop.call_later(seconds, on_bell)
    await asyncio.gather(*(keep_busy(*each) for each in ready))
    load.seconds = time.perf_counter() - started
    return load
