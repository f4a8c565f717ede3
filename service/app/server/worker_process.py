"""What ties a worker process to the one that started it.

The server forks its workers and ends them with SIGTERM. Two things would leave a worker running on its own: it inherits
signal handlers meant for the parent, so it would ignore a SIGTERM until it serves; and it would not notice that the
parent was killed, and go on listening on the port together with the next service that is started.
"""

import multiprocessing
import os
import signal
import threading
import time

LOOKS_EVERY = 1.0


def end_when_told_early() -> None:
    """From now on a process that is forked off this one ends at a SIGTERM that comes before it serves.

    The signal is held back while the fork goes on: what arrived before the child has let go of its parent's handlers
    would be taken by these, that is by nobody.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_hold, after_in_parent=_let_through, after_in_child=_forget_handlers)


def end_with_the_parent(*, grace: float) -> None:
    """In a worker: once the process that started it is gone, finish what is under way and end within ``grace`` seconds.

    Does nothing in a process that was not started by another of ours.
    """
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid is None:
        return
    threading.Thread(target=_watch, args=(parent.pid, grace), name="parent-watch", daemon=True).start()


def _hold() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _let_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def _forget_handlers() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the other process too, which then sends SIGTERM
    _let_through()


def _watch(parent: int, grace: float) -> None:
    while os.getppid() == parent:
        time.sleep(LOOKS_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace)
    os._exit(1)
