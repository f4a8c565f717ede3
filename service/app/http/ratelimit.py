"""Rate limits: fixed windows that begin with a key's first request, shared through Redis, per process without it.

Asking Redis on every request would cost more than most requests do (0.4 ms here), so a worker takes a small lease: it
books a fiftieth of what is left in the window at once and spends that locally. The sum over all workers never exceeds
the limit. A worker has one booking of a key on its way, made for every request that waits, so it holds back at most one
lease: nobody is refused before the limit less one lease per worker is used. With less than a hundred requests left
there are no leases, so strict limits (login) are exact.
"""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil
from time import monotonic
from typing import Any, NamedTuple

import structlog

from app.cache.redis import RedisClient, faults
from app.http.errors import TooManyRequests

log = structlog.get_logger(__name__)

MAX_WINDOWS = 100_000
"""Windows remembered per process; beyond it the least recently used is forgotten, which can only let more through."""

RETRY_REDIS_AFTER = 1.0
LEASE_SHARE = 50
MOST_BOOKED = 256
"""Waiting requests that one booking is made for: what is booked while the reply is lost is used up by nobody."""

# Books ARGV[1] units, and a lease of 1/ARGV[4] of what is left, of the ARGV[2] allowed per window of ARGV[3] ms.
# Answers {units granted, units used in this window, ms left of it}.
_BOOK = """
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local free = math.max(tonumber(ARGV[2]) - used, 0)
local lease = math.max(math.floor(free / tonumber(ARGV[4])) - 1, 0)
local granted = math.min(tonumber(ARGV[1]) + lease, free)
if granted > 0 then
    used = redis.call('INCRBY', KEYS[1], granted)
    if used == granted then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
    left = tonumber(ARGV[3])
    redis.call('PEXPIRE', KEYS[1], left)
end
return {granted, used, left}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """``requests`` per ``window`` seconds for each key of ``name``; zero requests means no limit."""

    name: str
    requests: int
    window: float


class Verdict(NamedTuple):
    granted: bool
    remaining: int
    reset: int  # seconds until the window ends, at least 1

    def headers(self, limit: Limit) -> dict[str, str]:
        """``RateLimit-*`` (draft-ietf-httpapi-ratelimit-headers-03) and, for a refusal, ``Retry-After``."""
        headers = {
            "RateLimit-Limit": str(limit.requests),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }
        if not self.granted:
            headers["Retry-After"] = str(self.reset)
        return headers


class _Window:
    """What one key has used: ``lease`` units may still be spent here without asking, until ``ends``."""

    __slots__ = ("booking", "ends", "lease", "used", "waiting")

    def __init__(self, ends: float) -> None:
        self.ends = ends
        self.used = 0  # in the whole window, as far as this process knows; a lease counts as used
        self.lease = 0
        self.waiting: deque[asyncio.Future[Verdict]] = deque()  # for the booking that is on its way
        self.booking: asyncio.Task[None] | None = None

    def spend(self, limit: Limit) -> Verdict:
        """Serve one request from the lease, or refuse it."""
        granted = self.lease > 0
        self.lease -= granted
        return self.verdict(limit, granted=granted)

    def verdict(self, limit: Limit, *, granted: bool) -> Verdict:
        remaining = max(limit.requests - self.used + self.lease, 0)
        return Verdict(granted, remaining, max(ceil(self.ends - monotonic()), 1))


class RateLimiter:
    """Counts requests by (limit, key). With ``redis`` down or absent each process counts for itself."""

    def __init__(self, redis: RedisClient | None) -> None:
        self._redis = redis
        self._book: Any = redis.register_script(_BOOK) if redis is not None else None
        self._redis_down_until = 0.0
        self._windows: OrderedDict[tuple[str, str], _Window] = OrderedDict()

    async def check(self, limit: Limit, key: str) -> None:
        """Count one request of ``key``. Raises :class:`TooManyRequests` once its window is used up."""
        if limit.requests:
            self.enforce(limit, self.decide(limit, key) or await self.ask(limit, key))

    @staticmethod
    def enforce(limit: Limit, verdict: Verdict) -> None:
        """Raise :class:`TooManyRequests` for a refusal."""
        if not verdict.granted:
            detail = f"More than {limit.requests} requests in {limit.window:g} s. Try again in {verdict.reset} s."
            raise TooManyRequests(detail, headers=verdict.headers(limit))

    def decide(self, limit: Limit, key: str) -> Verdict | None:
        """Count one request if this process may decide alone; ``None`` if Redis must be asked (:meth:`ask`)."""
        now = monotonic()
        window = self._windows.get((limit.name, key))
        if window is None or now >= window.ends:
            if self._shared(now):
                return None
            window = self._open(limit, key, now + limit.window)
        if window.lease or window.used >= limit.requests:
            return window.spend(limit)  # a refusal lasts until the window ends; Redis need not be asked
        if self._shared(now):
            return None
        window.used += 1
        return window.verdict(limit, granted=True)

    async def ask(self, limit: Limit, key: str) -> Verdict:
        """Count one request at Redis, together with all that wait for it; decided here if Redis does not answer."""
        now = monotonic()
        window = self._windows.get((limit.name, key))
        if window is None or now >= window.ends:
            window = self._open(limit, key, now + limit.window)
        place = asyncio.get_running_loop().create_future()
        window.waiting.append(place)
        if window.booking is None:  # a task of its own: the request that began it may be cancelled
            window.booking = asyncio.create_task(self._serve(limit, key, window), name="ratelimit-booking")
        return await place

    async def _serve(self, limit: Limit, key: str, window: _Window) -> None:
        """Book for those who wait, until nobody does."""
        try:
            while window.waiting:
                if not window.lease and window.used < limit.requests and self._shared(monotonic()):
                    await self._book_units(limit, key, window, min(len(window.waiting), MOST_BOOKED))
                # Alone (Redis is down) every request opens a unit of its own.
                if not self._shared(monotonic()) and not window.lease and window.used < limit.requests:
                    window.used, window.lease = window.used + 1, 1
                while window.waiting and (window.lease or window.used >= limit.requests):
                    place = window.waiting.popleft()
                    if not place.done():  # its request was cancelled: the unit stays in the lease
                        place.set_result(window.spend(limit))
        except Exception as error:
            while window.waiting:
                if not (place := window.waiting.popleft()).done():
                    place.set_exception(error)
        finally:
            window.booking = None

    async def _book_units(self, limit: Limit, key: str, window: _Window, units: int) -> None:
        asked = monotonic()
        arguments = [units, limit.requests, int(limit.window * 1000), LEASE_SHARE]
        try:
            granted, used, milliseconds_left = await self._book(keys=[f"limit:{limit.name}:{key}"], args=arguments)
        except faults() as error:
            log.warning("ratelimit.redis_unavailable", error=type(error).__name__)
            self._redis_down_until = monotonic() + RETRY_REDIS_AFTER
            return
        window.ends = asked + milliseconds_left / 1000  # not from now: a lease must not outlive the window it is of
        window.used = used
        window.lease += granted

    def _shared(self, now: float) -> bool:
        return self._redis is not None and now >= self._redis_down_until

    def _open(self, limit: Limit, key: str, ends: float) -> _Window:
        window = _Window(ends)
        self._windows[(limit.name, key)] = window
        self._windows.move_to_end((limit.name, key))
        if len(self._windows) > MAX_WINDOWS:
            self._windows.popitem(last=False)
        return window


def client_key(address: str) -> str:
    """What one client is counted by: an IPv4 address, or the /64 that an IPv6 host picks its address from."""
    if ":" not in address:
        return address
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
