"""A second process for work that can be done beside this one's."""

import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager


def may_fork() -> bool:
    """Whether a child would have a core to run on, and no thread that might hold a lock for ever."""
    return hasattr(os, "fork") and (os.cpu_count() or 1) > 1 and threading.active_count() == 1


@contextmanager
def beside(work: Callable[[], object]) -> Generator[None]:
    """Do ``work`` in a child while the block runs, or before it where that cannot be; what it returns is lost."""
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
