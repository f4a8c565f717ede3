"""A body that is refused for its size: the answer arrives, and the connection says that it is over."""

import socket
from collections.abc import Callable

import pytest

from tests.backends import on_sqlite
from tests.live import LiveService

MEGABYTE = b"x" * 1_000_000


@on_sqlite
@pytest.mark.parametrize("declared", [True, False])
def test_who_sends_it_all_before_reading_is_answered(live_service: Callable[..., LiveService], declared: bool):
    service = live_service()
    length = b"Content-Length: 8000000" if declared else b"Transfer-Encoding: chunked"
    head = b"POST /api/v1/auth/refresh HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n" + length
    part = MEGABYTE if declared else b"%x\r\n%s\r\n" % (len(MEGABYTE), MEGABYTE)
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", service.port), timeout=20) as connection:
            connection.sendall(head + b"\r\n\r\n" + 8 * part + (b"" if declared else b"0\r\n\r\n"))
            answer = b"".join(iter(lambda: connection.recv(65536), b""))  # read to its end right here
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"\r\nconnection: close\r\n" in answer.lower()
        assert b"application/problem+json" in answer
