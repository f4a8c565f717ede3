"""Cache: bounded in-process regions, kept honest across workers by Redis, and harmless without it.

Three rules make it safe to put authentication on top:

- A value read before an invalidation is never stored after it: the reader takes ``region.epoch`` first.
- Other workers hear of an invalidation through Redis pub/sub. An entry older than a second is trusted only while that
  subscription is known to be alive (a heartbeat), so a lost message costs at most :data:`UNCOORDINATED_TTL`.
- After a reconnect everything is dropped: messages may have been missed.

A ``shared`` region also keeps its values in Redis, under a generation that every invalidation renews. The generation a
worker uses comes from the subscription alone, so that all workers see one order of invalidations.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

import orjson
import structlog

from app.cache.redis import RedisClient, faults
from app.kit.background import end

log = structlog.get_logger(__name__)

UNCOORDINATED_TTL = 1.0
"""Seconds an entry is trusted when no other worker can tell us that it changed."""

RENEW_AFTER = 0.25
"""Seconds after which an entry of a ``renewed`` region is loaded again: early, because a busy event loop is slow."""

HEARTBEAT = 0.3
RECONNECT_DELAY = 0.5
CHANNEL = "cache:invalidations"

V = TypeVar("V")

Watcher = Callable[[Sequence[str] | None], None]


class Codec(Protocol[V]):
    """How a shared region's values travel through Redis."""

    def encode(self, value: V, /) -> bytes: ...
    def decode(self, data: bytes, /) -> V: ...


class _Entry(Generic[V]):
    __slots__ = ("expires", "fresh_until", "renew_at", "renewing", "value", "weight")

    def __init__(self, value: V, *, stored: float, ttl: float, weight: int, renew_after: float) -> None:
        self.value = value
        self.weight = weight
        self.expires = stored + ttl
        self.fresh_until = stored + UNCOORDINATED_TTL
        self.renew_at = stored + renew_after
        self.renewing = False


class Region(Generic[V]):
    """One kind of cached value. The least recently used goes first, by count and by weight (``weigh``: bytes).

    A ``codec`` makes it shared. ``coordinated=False`` is for values that are allowed to be ``ttl`` seconds old. With
    ``renewed=True`` a value that is about to be distrusted is missed by one reader, who makes a new one, while the
    others still get it: else all who ask at that moment, hundreds on a busy server, would do the work of a miss.
    """

    def __init__(
        self,
        cache: "Cache",
        name: str,
        *,
        ttl: float,
        max_entries: int,
        max_weight: int | None = None,
        weigh: Callable[[V], int] | None = None,
        codec: Codec[V] | None = None,
        coordinated: bool = True,
        renewed: bool = False,
    ) -> None:
        self.name = name
        self.hits = 0
        self.fills = 0
        """Values put here: made anew, or (`shared_hits` of them) by another worker."""
        self.shared_hits = 0
        self._coordinated = coordinated
        self.epoch = 0
        self.generation: str | None = None
        self._cache = cache
        self._ttl = ttl
        self._max_entries = max_entries
        self._max_weight = max_weight
        self._weigh = weigh
        self._codec = codec
        self._renew_after = RENEW_AFTER if renewed else UNCOORDINATED_TTL
        self._entries: OrderedDict[str, _Entry[V]] = OrderedDict()
        self._weight = 0
        self._loading: dict[str, asyncio.Future[V]] = {}
        self._watchers: list[Watcher] = []

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def shared(self) -> bool:
        return self._codec is not None

    def get(self, key: str) -> V | None:
        """The value, if this process has it and may still trust it."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        now = monotonic()
        unheard = self._coordinated and now >= entry.renew_at and now >= self._cache.trusted_until
        if unheard and now < entry.fresh_until:
            entry.renew_at, entry.renewing = entry.fresh_until, True
            return None
        if unheard or now >= entry.expires:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        self.hits += 1
        return entry.value

    def put(self, key: str, value: V, *, epoch: int, ttl: float | None = None) -> None:
        """Keep ``value``, unless something was invalidated since ``epoch`` was taken."""
        self.fills += 1
        weight = self._weigh(value) if self._weigh else 0
        if epoch != self.epoch or (self._max_weight is not None and weight > self._max_weight // 8):
            return
        self._drop(key)
        lifetime = self._ttl if ttl is None else min(ttl, self._ttl)
        self._entries[key] = _Entry(
            value, stored=monotonic(), ttl=lifetime, weight=weight, renew_after=self._renew_after
        )
        self._weight += weight
        while len(self._entries) > self._max_entries or (
            self._max_weight is not None and self._weight > self._max_weight
        ):
            self._drop(next(iter(self._entries)))

    async def load(self, key: str, loader: Callable[[], Awaitable[tuple[V, float | None]]]) -> V:
        """The cached value, else Redis's (shared regions), else ``loader()``'s ``(value, ttl)``.

        Callers that miss the same key at the same time wait for one load.
        """
        entry = self._entries.get(key)
        if not (entry is not None and entry.renewing) and (value := self.get(key)) is not None:
            return value
        ticket = f"{self.epoch}:{key}"  # a load begun before an invalidation must not serve those who come after it
        if (running := self._loading.get(ticket)) is not None:
            return await asyncio.shield(running)
        task = asyncio.ensure_future(self._load(key, loader))
        self._loading[ticket] = task
        task.add_done_callback(lambda _: self._loading.pop(ticket, None))
        return await asyncio.shield(task)

    async def _load(self, key: str, loader: Callable[[], Awaitable[tuple[V, float | None]]]) -> V:
        epoch, generation = self.epoch, self.generation
        remote_key = f"cache:{self.name}:{generation}:{key}"
        codec = self._codec if generation is not None else None
        if codec is not None and (data := await self._cache.fetch(remote_key)) is not None:
            found, ttl_left = data
            self.shared_hits += 1
            value = codec.decode(found)
            self.put(key, value, epoch=epoch, ttl=ttl_left)
            return value
        value, ttl = await loader()
        self.put(key, value, epoch=epoch, ttl=ttl)
        if codec is not None and epoch == self.epoch:
            lifetime = self._ttl if ttl is None else min(ttl, self._ttl)
            await self._cache.store(remote_key, codec.encode(value), lifetime)
        return value

    async def invalidate(self, *keys: str) -> None:
        """Forget ``keys`` here at once and everywhere within a second. Call it after the commit."""
        if keys:
            self.forget(keys)
            await self._cache.announce(self.name, list(keys))

    async def invalidate_all(self) -> None:
        """Forget the whole region, here at once and everywhere within a second. Call it after the commit."""
        self.forget(None)
        await self._cache.announce(self.name, None)

    def watch(self, watcher: Watcher) -> None:
        """Call ``watcher`` with the keys (``None``: all) whenever this process forgets some, whoever said so."""
        self._watchers.append(watcher)

    def forget(self, keys: list[str] | tuple[str, ...] | None, *, generation: str | None = None) -> None:
        """Drop ``keys`` (``None``: all) from this process."""
        self.epoch += 1
        self.generation = generation
        if keys is None:
            self._entries.clear()
            self._weight = 0
        else:
            for key in keys:
                self._drop(key)
        for watcher in self._watchers:
            watcher(keys)

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._weight -= entry.weight


class Cache:
    """The regions of one process and their line to the other processes.

    ``redis`` may be ``None`` (embedded default): then entries live :data:`UNCOORDINATED_TTL`, because another process
    (a second worker, the command line) may write to the same database.
    """

    def __init__(self, redis: RedisClient | None, *, on_failure: Callable[[], None] | None = None) -> None:
        self._redis = redis
        self._on_failure = on_failure
        self._regions: dict[str, Region[Any]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._unsaid: dict[str, list[str] | None] = {}
        self._down_until = 0.0
        self._me = secrets.token_hex(8)
        self.trusted_until = 0.0

    @property
    def regions(self) -> Iterable["Region[Any]"]:
        return self._regions.values()

    @property
    def connected(self) -> bool:
        """Whether invalidations of other workers reach this one."""
        return self._redis is not None and monotonic() < self.trusted_until

    def region(self, name: str, **options: Any) -> Region[Any]:
        """Make the region ``name``; see :class:`Region` for the options."""
        if name in self._regions:
            raise ValueError(f"cache region {name!r} exists already")
        self._regions[name] = Region(self, name, **options)
        return self._regions[name]

    async def start(self) -> None:
        """Begin to listen. Returns at once; a Redis that is down now is picked up when it comes back."""
        if self._redis is not None and self._listener is None:
            self._listener = asyncio.create_task(self._listen(self._redis), name="cache-listener")

    async def stop(self) -> None:
        if self._listener is not None:
            await end(self._listener)
            self._listener = None
        self.trusted_until = 0.0

    async def fetch(self, key: str) -> tuple[bytes, float] | None:
        """A shared value and its remaining seconds; a Redis that is down is a miss."""
        if not self._usable():
            return None
        assert self._redis is not None
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                data, ttl = await pipe.get(key).pttl(key).execute()
        except faults() as error:
            self._failed(error)
            return None
        return (data, ttl / 1000) if data is not None and ttl > 0 else None

    async def store(self, key: str, data: bytes, ttl: float) -> None:
        if self._usable() and ttl > 0.001:
            assert self._redis is not None
            try:
                await self._redis.set(key, data, px=int(ttl * 1000))
            except faults() as error:
                self._failed(error)

    async def announce(self, region: str, keys: list[str] | None) -> None:
        """Tell every worker. What cannot be said now is said (as "everything") when Redis is back."""
        if self._redis is None:
            return
        try:
            await self._publish(self._redis, region, keys)
        except faults() as error:
            self._unsaid[region] = None
            self._failed(error)

    async def _publish(self, redis: RedisClient, region: str, keys: list[str] | None) -> None:
        generation = secrets.token_hex(8)
        message = orjson.dumps({"region": region, "keys": keys, "generation": generation, "from": self._me})
        async with redis.pipeline(transaction=True) as pipe:
            pipe.set(_generation_key(region), generation)
            pipe.publish(CHANNEL, message)
            await pipe.execute()

    async def _listen(self, redis: RedisClient) -> None:
        while True:
            try:
                await self._subscribe(redis)
            except Exception as error:  # whatever it was: a listener that ends leaves this worker deaf for good
                self._failed(error)
            self.trusted_until = 0.0
            await asyncio.sleep(RECONNECT_DELAY)

    async def _subscribe(self, redis: RedisClient) -> None:
        async with redis.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            asked = 0.0
            heard = monotonic()
            while True:
                message = await subscription.get_message(timeout=HEARTBEAT)
                now = monotonic()
                if message is not None:
                    heard = now
                    if message["type"] == "subscribe":  # also when redis-py has reconnected behind our back
                        await self._resume(redis)
                    elif message["type"] == "message":
                        self._hear(message["data"])
                    self.trusted_until = now + UNCOORDINATED_TTL
                elif now - heard > UNCOORDINATED_TTL:
                    raise TimeoutError("the Redis subscription is silent")
                if now - asked >= HEARTBEAT:
                    asked = now
                    await subscription.ping()

    async def _resume(self, redis: RedisClient) -> None:
        """Subscribed (again): say what could not be said, forget everything, take up the current generations."""
        for region in list(self._unsaid):
            await self._publish(redis, region, None)
            self._unsaid.pop(region, None)
        for name, region in self._regions.items():
            generation = None
            if region.shared:
                await redis.set(_generation_key(name), secrets.token_hex(8), nx=True)
                generation = await redis.get(_generation_key(name))
            region.forget(None, generation=generation.decode() if generation else None)

    def _hear(self, data: bytes) -> None:
        message: dict[str, Any] = orjson.loads(data)
        region = self._regions.get(message["region"])
        if region is None:
            return
        if message["from"] == self._me:
            region.generation = message["generation"]
        else:
            region.forget(message["keys"], generation=message["generation"])

    def _usable(self) -> bool:
        return self._redis is not None and monotonic() >= self._down_until

    def _failed(self, error: BaseException) -> None:
        """After a failure Redis is left alone for a moment, so that an outage does not slow every request."""
        if self._on_failure is not None:
            self._on_failure()
        now = monotonic()
        if now >= self._down_until:
            log.warning("cache.redis_unavailable", error=type(error).__name__)
        self._down_until = now + UNCOORDINATED_TTL


def _generation_key(region: str) -> str:
    return f"cache:generation:{region}"
