"""A child process for work that can be done at the same time as ours."""

import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager


def may_fork() -> bool:
    """Whether a child would have a core to run on, and no other thread could hold a lock for ever."""
    return hasattr(os, "fork") and (os.cpu_count() or 1) > 1 and threading.active_count() == 1


@contextmanager
def in_child(work: Callable[[], object]) -> Generator[None]:
    """Do ``work`` in a child while the block runs, or before it where there can be no child; its result is dropped."""
    if not may_fork():
        work()
        yield
        return
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    try:
        yield
    finally:
        os.waitpid(child, 0)


class ChildTask:
    """Work in a child whose bytes are wanted later; ask :func:`may_fork` first."""

    def __init__(self, work: Callable[[], bytes]) -> None:
        self._end, other = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            try:
                os.close(self._end)
                with open(other, "wb") as stream:
                    stream.write(work())
                os._exit(0)
            finally:
                os._exit(1)
        os.close(other)

    def result(self) -> bytes:
        """What the work gave; nothing when the child failed. Ask once."""
        with open(self._end, "rb") as stream:
            data = stream.read()
        _, status = os.waitpid(self._child, 0)
        return b"" if status else data
