"""The one Redis client of a process."""

from typing import Any, cast

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

RedisClient = Any
"""A ``redis.asyncio.Redis``. redis-py's annotations leave half of its methods unknown to a strict checker."""


def connect(url: str, *, kind: type[redis.asyncio.Redis] = redis.asyncio.Redis) -> RedisClient:
    """A client that waits for a free connection (the plain pool raises at its limit) and gives up fast.

    No connection is made yet. Half a second is long for a server beside us, and all we ask can be done without.
    """
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
    return kind(connection_pool=pool)
