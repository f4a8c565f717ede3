"""The one Redis client of a process. Its library (6 MiB, a twelfth of the start) is imported where there is a Redis."""

import sys
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from redis.asyncio import Redis

RedisClient = Any
"""A ``redis.asyncio.Redis``. redis-py's annotations leave half of its methods unknown to a strict checker."""


def connect(url: str, *, kind: "type[Redis] | None" = None) -> RedisClient:
    """A client that waits for a free connection (the plain pool raises at its limit) and gives up fast.

    No connection is made yet. Half a second is long for a server beside us, and all we ask can be done without.
    """
    import redis.asyncio
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    over_tcp = {} if url.startswith("unix:") else {"socket_keepalive": True}
    pool = cast(Any, redis.asyncio.BlockingConnectionPool).from_url(
        url,
        **over_tcp,
        max_connections=32,
        timeout=0.5,
        socket_timeout=0.5,
        socket_connect_timeout=0.5,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=30,
    )
    return (kind or redis.asyncio.Redis)(connection_pool=pool)


def faults() -> tuple[type[Exception], ...]:
    """What a Redis that is away, or refuses, raises; Redis's own are none where its library was never imported."""
    if "redis" not in sys.modules:
        return OSError, TimeoutError
    from redis.exceptions import RedisError

    return RedisError, OSError, TimeoutError
