"""Running a tool: its own process group, a time limit that takes its children along, output that may be any bytes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_running: set["subprocess.Popen[bytes]"] = set()
_starting: set[object] = set()
"""One for each tool that is being started: it may run already, and is not among those that run."""
_state = {"given up": False, "ended": False, "undisturbed": False}
"""True from the moment somebody gives up to the next gate, or for good: who has just ended one tool must not start
another. No `threading.Event`, whose lock a signal handler could find taken by what it interrupts."""
ENDS_WITHIN = 60.0
"""Seconds in which a killed process is gone on any machine."""

_OF_THE_STEP = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")


class Broken(Exception):
    """A tool that crashed, ran out of time or printed what cannot be read. The message is for the report."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a tool printed; undecodable bytes are replaced."""

    code: int
    out: str
    err: str

    @property
    def last_words(self) -> str:
        """The last line it printed, which says most when it failed."""
        lines = (self.err.strip() or self.out.strip()).splitlines()
        return lines[-1][:300] if lines else "no output"


def run(command: Sequence[str | Path], *, cwd: Path, timeout: float, env: Mapping[str, str] | None = None) -> Output:
    """Run ``command`` in ``cwd``. git's own variables are kept from it: a hook must not point it at a repository. The
    files that a step of GitHub's tells its outcome by are, too: some tools write to them.

    Raises Broken when it cannot be started or is not done after ``timeout`` seconds.
    """
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") and key not in _OF_THE_STEP}
    clean |= {"PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", "TERM": "dumb", **(env or {})}
    clean.pop("FORCE_COLOR", None)
    process = _started([str(word) for word in command], cwd, clean)
    try:
        if given_up():
            raise Broken("somebody gave up waiting")
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _kill(process)
        raise Broken(f"not done after {timeout:g} s (check.timeout in [tool.fastapi-expert] allows more)") from None
    except BaseException:
        _kill(process)
        raise
    finally:
        _running.discard(process)
    return Output(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


def _started(words: list[str], cwd: Path, env: dict[str, str]) -> "subprocess.Popen[bytes]":
    starting = object()
    _starting.add(starting)
    try:
        if given_up():
            raise Broken("somebody gave up waiting")
        process = subprocess.Popen(
            words,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        _running.add(process)
        return process
    except OSError as error:
        raise Broken(f"{words[0]} cannot be started: {error.strerror}") from None
    finally:
        _starting.discard(starting)


def begin() -> None:
    """A gate begins: tools may run."""
    _state["given up"] = False


def given_up() -> bool:
    """Whether somebody gave up waiting for this gate."""
    return _state["given up"] or _state["ended"]


def stop_all() -> None:
    """End every tool that runs: in sessions of their own they do not get Ctrl-C. Waiting threads see them end."""
    _state["given up"] = True
    for process in list(_running):
        _signal(process)


def end_all() -> None:
    """End every tool for good, those too that another thread is just starting; call it before the process goes.

    Not from a thread that runs a tool: it waits for these.
    """
    _state["ended"] = True
    deadline = time.monotonic() + ENDS_WITHIN
    while (_starting or _running) and time.monotonic() < deadline:
        stop_all()
        time.sleep(0.01)


def give_up(*_: object) -> None:
    """The handler of the signals that somebody gives up with.

    The exception may be lost where C code that was under way takes it for an error of its own, so the tools are ended
    here, and the gate asks :func:`given_up` at its end.
    """
    stop_all()
    if not _state["undisturbed"]:
        raise KeyboardInterrupt


@contextlib.contextmanager
def undisturbed() -> Generator[None]:
    """Start threads in here: a pool that is interrupted while it starts one forgets it, with the tool that it runs.

    Raises KeyboardInterrupt at the end when somebody gave up meanwhile.
    """
    _state["undisturbed"] = True
    try:
        yield
    finally:
        _state["undisturbed"] = False
    if given_up():
        raise KeyboardInterrupt


def _kill(process: "subprocess.Popen[bytes]") -> None:
    _signal(process)
    process.wait()


def _signal(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(OSError):
        if sys.platform == "win32":  # pragma: no cover
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
