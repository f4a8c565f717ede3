"""Background tasks of the event loop."""

import asyncio

INSIST_EVERY = 1.0


async def end(task: "asyncio.Task[object]") -> None:
    """Cancel ``task`` and wait until it has ended, asking again: a library's timeout can swallow a cancellation.

    (redis-py's do, when the two meet; `asyncio.wait_for` of Python 3.11 does, too.) What the task raised is not raised.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=INSIST_EVERY)
