"""The service started again whenever a source of it changes: for working on it, not for production."""

import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

LOOKS_EVERY = 0.5
"""Seconds between two looks at the sources."""


def serve_again(command: Sequence[str], sources: Path) -> int:
    """Run `command` until it is told to stop, anew when a Python file below `sources` changes; its last exit code.

    A command that ends by itself (a syntax error, say) is waited for: the next change starts it again.
    """
    stopped: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopped.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    seen = _state(sources)
    process = _started(command)
    while not stopped:
        time.sleep(LOOKS_EVERY)
        if (state := _state(sources)) != seen:
            seen = state
            _end(process)
            process = _started(command)
    _end(process)
    return process.returncode


def _started(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command)  # noqa: S603  # what our own command line was asked for


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
    process.wait()


def _state(sources: Path) -> dict[str, int]:
    """When each source was last written, in nanoseconds."""
    found: dict[str, int] = {}
    for path in sources.rglob("*.py"):
        try:
            found[str(path)] = path.stat().st_mtime_ns
        except FileNotFoundError:  # an editor is replacing it
            continue
    return found
