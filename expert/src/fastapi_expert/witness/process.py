"""Runs the child: a time limit, a bounded memory of what it prints, and nothing of it left behind.

What it starts is ended with it, when it has said its table, when the time is over and when we are interrupted; a
process that leaves the group on purpose (a daemon) is out of reach.
"""

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, cast

CHILD = Path(__file__).with_name("child.py")
GRACE_S = 2.0
"""After the limit: the child writes down where it hangs at the limit itself."""
TAIL = 16_384
"""Bytes that are kept of what the project prints: the last ones."""
LARGEST = 64 << 20
"""Bytes of a table; one route takes less than a thousand."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the child ended.

    ``answer`` is its JSON, None when it gave none; ``code`` its exit code, negative for a signal, None when it was
    ended by us; ``hung`` the traceback of where it was at the limit; ``printed`` the end of what the project printed.
    """

    answer: Mapping[str, Any] | None
    code: int | None
    timed_out: bool
    hung: str
    printed: str


def run(
    python: Path, request: Mapping[str, Any], *, folder: Path, environment: Mapping[str, str], limit: float
) -> Ended:
    """Have ``python`` answer ``request`` in ``folder``, within ``limit`` seconds.

    Raises:
        OSError: the interpreter cannot be started.
    """
    reader, writer = os.pipe()
    command = [str(python), str(CHILD), json.dumps({**request, "report": writer, "limit": limit})]
    with open(reader, "rb", buffering=0) as report, _told_to_end():
        try:
            child = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(writer,),
                start_new_session=True,
            )
        finally:
            os.close(writer)
        try:
            return _listen(child, report.fileno(), time.monotonic() + limit + GRACE_S)
        finally:
            _end(child)


def _listen(child: "subprocess.Popen[bytes]", report: int, deadline: float) -> Ended:
    """Read until the answer is whole, the child has ended, or the time is over."""
    output = cast(Any, child.stdout).fileno()
    said, printed = bytearray(), bytearray()
    code: int | None = None
    with selectors.DefaultSelector() as waiting:
        for end in (report, output):
            os.set_blocking(end, False)
            waiting.register(end, selectors.EVENT_READ)
        while time.monotonic() < deadline and not _is_whole(said) and len(said) < LARGEST:
            if code is None and (code := child.poll()) is not None:
                deadline = min(deadline, time.monotonic() + 1)  # what it forked may hold the pipes open and print on
            ready = waiting.select(0.0 if code is not None else 0.05)
            for key, _ in ready:
                if not _take(key.fd, said if key.fd == report else printed):
                    waiting.unregister(key.fd)
            del printed[:-TAIL]
            if code is not None and not ready:
                break
    answer, hung = _parts(bytes(said))
    timed_out = answer is None and code is None and len(said) < LARGEST
    return Ended(answer, code, timed_out, hung, printed.decode(errors="replace"))


def _take(end: int, into: bytearray) -> bool:
    """Read what is there; False at the end of it."""
    with suppress(BlockingIOError):
        more = os.read(end, 65_536)
        into += more
        return bool(more)
    return True


def _is_whole(said: bytearray) -> bool:
    return said.endswith(b"}\n")


def _parts(said: bytes) -> tuple[Mapping[str, Any] | None, str]:
    """The answer, and the traceback that the child writes when its time is over."""
    for line in said.splitlines():
        if line.startswith(b"{"):
            with suppress(ValueError):
                return json.loads(line), ""
    return None, said.decode(errors="replace")


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End it and all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        child.kill()
    child.wait()
    if child.stdout is not None:
        child.stdout.close()


@contextmanager
def _told_to_end() -> Generator[None]:
    """Let SIGTERM and SIGHUP end us as an interrupt does, so that the child is ended first."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before: list[tuple[int, Any]] = []
    with suppress(ValueError):  # not the main thread: whoever holds that one looks after signals
        before = [(number, signal.signal(number, leave)) for number in (signal.SIGTERM, signal.SIGHUP)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
