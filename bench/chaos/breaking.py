"""Ways to break a server, always by its process id, and to wait until it is whole again."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil

from tests.servers import Server

OUTAGE = 5.0
"""Seconds that a server is away."""


def kill_family(server: Server) -> None:
    """kill -9, it and its children."""
    if server.process is None:
        return
    try:
        family = [psutil.Process(server.process.pid), *psutil.Process(server.process.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    for member in family:
        with_signal(member.pid, signal.SIGKILL)
    server.process.wait()
    server.process = None


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """The server neither answers nor hangs up: every process of it is stopped."""
    assert server.process is not None
    main = psutil.Process(server.process.pid)
    family = [main, *main.children(recursive=True)]
    for member in family:
        with_signal(member.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for member in family:
            with_signal(member.pid, signal.SIGCONT)


def with_signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def until(condition: Callable[[], object], *, within: float) -> bool:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def with_signal_to_family(server: Server, number: signal.Signals) -> None:
    assert server.process is not None
    main = psutil.Process(server.process.pid)
    for member in (main, *main.children(recursive=True)):
        with_signal(member.pid, number)
