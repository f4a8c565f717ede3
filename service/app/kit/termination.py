"""To hear of it when this process is told to end."""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType


def when_told_to_end(callback: Callable[[], None]) -> Callable[[], None]:
    """Call ``callback`` in the running event loop when SIGTERM or SIGINT comes; what is returned takes that back.

    A server waits for the answers under way and only then ends the lifespan: an answer that lasts would have it wait
    in vain. Whoever handles the signals now still does. Where nobody does, or in another thread than the main one (a
    test), nothing is heard.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    loop = asyncio.get_running_loop()
    before = {
        number: handler for number in (signal.SIGTERM, signal.SIGINT) if callable(handler := signal.getsignal(number))
    }

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        before[signal.Signals(number)](number, frame)

    for number in before:
        signal.signal(number, handle)

    def restore() -> None:
        for number, handler in before.items():
            if signal.getsignal(number) is handle:
                signal.signal(number, handler)

    return restore
