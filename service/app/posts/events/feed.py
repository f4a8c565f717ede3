"""The feed: reads the log once for all streams of this process, and hands each what its reader may know.

It looks when a write is heard of (every write empties the cached lists, here at once and, through Redis, in the other
workers), and every second besides: without Redis that is how it learns of what other processes wrote.

On PostgreSQL a row with a smaller id can be committed after one with a larger id. Each is handed out when it is seen;
the position that a stream is told stays before the gap until it is filled, or so old that it will never be. A reader
who comes back with that position gets some events twice, and misses none.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import NamedTuple

import structlog
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client import Counter as CounterMetric

from app.auth.principal import Principal, PrincipalCache
from app.config import Settings
from app.database.reader import Reader
from app.http.errors import TooManyRequests, Unavailable
from app.http.event_stream import MOST_WAITING, EventStream, event
from app.kit.background import end
from app.kit.clock import utcnow
from app.kit.termination import when_told_to_end
from app.models import Audience
from app.posts.events import log as event_log
from app.posts.events.log import Entry
from app.posts.response_cache import ResponseCache

log = structlog.get_logger(__name__)

LOOKS_EVERY = 1.0
SETTLED_AFTER = timedelta(seconds=60)
"""No transaction lasts so long: an id that is missing for this time was given to one that was rolled back."""

RETRY_SECONDS = (1.0, 5.0)
"""When readers come back who lost their stream; not all at once, as after a restart they otherwise would."""

RELOAD, READY = "reload", "ready"
_ADDED, _CHANGED, _REMOVED = "post.added", "post.changed", "post.removed"


class FeedMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.open = Gauge(
            "event_streams_open", "Event streams that are open.", registry=registry, multiprocess_mode="livesum"
        )
        self.ended = CounterMetric(
            "event_streams_ended_total", "Event streams that have ended, by reason.", ("reason",), registry=registry
        )
        self.refused = CounterMetric(
            "event_streams_refused_total", "Event streams beyond a bound, by bound.", ("bound",), registry=registry
        )
        self.sent = CounterMetric("events_sent_total", "Events put into streams.", registry=registry)


@dataclass(eq=False, slots=True)
class Place:
    """One of the streams that may be open; ``stream`` once it is."""

    user: Principal | None
    post_id: int | None = None
    stream: EventStream | None = None


class Feed:
    """The open streams of this process, at most EVENT_STREAMS, and of one client EVENT_STREAMS_PER_CLIENT."""

    def __init__(
        self,
        settings: Settings,
        reader: Reader,
        *,
        responses: ResponseCache,
        principals: PrincipalCache,
        registry: CollectorRegistry,
    ) -> None:
        self._most = settings.event_streams
        self._most_per_client = settings.event_streams_per_client
        self._reader = reader
        self._metrics = FeedMetrics(registry)
        self._places: set[Place] = set()
        self._by_client: Counter[str] = Counter()
        self._position = _Position()
        self._reading = asyncio.Lock()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._restore_signals: Callable[[], None] = _nothing
        self._closed = False
        responses.pages.watch(lambda _keys: self._woken.set())
        principals.watch(self._doubt)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._look_forever(), name="posts-feed")
        self._restore_signals = when_told_to_end(self.close)

    def close(self) -> None:
        """End every stream and take no more."""
        self._closed = True
        for place in self._places:
            if place.stream is not None:
                place.stream.end("shutdown")

    async def stop(self) -> None:
        self._restore_signals()
        self.close()
        if self._task is not None:
            await end(self._task)

    @contextmanager
    def place(self, user: Principal | None, *, client: str) -> Generator[Place]:
        """A place for one more stream of ``user``, or of the address ``client``, while the block lasts.

        Raises TooManyRequests, Unavailable.
        """
        key = f"user:{user.user_id}" if user is not None else client
        if self._closed:
            raise Unavailable("This server is being shut down. Try again.")
        if self._by_client[key] >= self._most_per_client:
            self._metrics.refused.labels("client").inc()
            detail = f"You have {self._most_per_client} event streams open, the most there may be. Close one."
            raise TooManyRequests(detail, slug="too-many-streams", headers={"Retry-After": "5"})
        if len(self._places) >= self._most:
            self._metrics.refused.labels("all").inc()
            raise Unavailable("As many event streams are open as this server allows.", headers={"Retry-After": "5"})
        place = Place(user)
        self._places.add(place)
        self._by_client[key] += 1
        try:
            yield place
        finally:
            self._places.discard(place)
            self._by_client[key] -= 1
            if not self._by_client[key]:
                del self._by_client[key]
            if place.stream is not None:
                self._metrics.ended.labels(place.stream.ended or "left").inc()
            self._metrics.open.set(len(self._places))

    async def follow(
        self, place: Place, stream: EventStream, *, post_id: int | None = None, last_event_id: str | None = None
    ) -> None:
        """Have ``stream`` told of all posts, or one: from now on, or what was missed since ``last_event_id`` first.

        What is too old to be told, or no position of this log at all, is answered with the event ``reload``.
        """
        await self._look()  # from here on this process knows where the log ends, so nothing after it is missed
        place.post_id, place.stream = post_id, stream
        known = self._position.known()
        self._metrics.open.set(len(self._places))
        self._woken.set()  # it has slept while there was no stream
        missed = await self._missed(place, last_event_id, known) if last_event_id is not None else ()
        retry = int(1000 * random.uniform(*RETRY_SECONDS))  # noqa: S311  # spreads load, guards nothing
        # Last, for it has the position: a connection that breaks before has not moved on.
        stream.begin([*missed, event(READY, {}, id=known.settled, retry=retry)])

    async def _missed(self, place: Place, last_event_id: str, known: "_Known") -> Sequence[bytes]:
        since = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else -1
        span = await event_log.span(self._reader)
        if not span.oldest - 1 <= since <= span.newest:
            return [event(RELOAD, {})]
        entries = await event_log.entries_after(self._reader, since)
        told = [
            _event(name, entry, min(entry.id, known.settled))
            for entry in entries
            if known.has(entry.id) and (name := _name(entry, place)) is not None
        ]
        return told if len(entries) < event_log.MOST_READ and len(told) <= MOST_WAITING else [event(RELOAD, {})]

    async def _look_forever(self) -> None:
        failing = False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOKS_EVERY if self._places else None):
                    await self._woken.wait()
            self._woken.clear()
            if not self._places:
                continue
            try:
                await self._look()
                failing = False
            except Exception as error:  # the database is away: what happens meanwhile is in the log when it is back
                if not failing:
                    log.warning("feed.waits", error=type(error).__name__)
                failing = True
                await asyncio.sleep(LOOKS_EVERY)

    async def _look(self) -> None:
        """Hand out what is new in the log."""
        async with self._reading:
            if not any(place.stream for place in self._places):
                # Nobody has been told anything yet: what is there by now is not news.
                self._position = _Position(await event_log.newest_until(self._reader, utcnow() - SETTLED_AFTER))
                await self._read()
                return
            new = await self._read()
            if len(new) > MOST_WAITING:
                self._tell_all(event(RELOAD, {}, id=self._position.settled))
                return
            for entry, position in new:
                self._tell(entry, position)

    async def _read(self) -> list[tuple[Entry, int]]:
        """What is new in the log, each with the position to tell with it."""
        new: list[tuple[Entry, int]] = []
        after = self._position.settled
        while True:
            entries = await event_log.entries_after(self._reader, after)
            new += self._position.note(entries)
            if len(entries) < event_log.MOST_READ:
                return new
            after = entries[-1].id

    def _tell(self, entry: Entry, position: int) -> None:
        events: dict[str, bytes] = {}
        reload = event(RELOAD, {}, id=position)
        private = Audience.EVERYBODY not in (entry.audience_before, entry.audience_after)
        sent = 0
        for place in self._places:
            stream, name = place.stream, _name(entry, place)
            if stream is None or name is None:
                continue
            if name not in events:
                events[name] = _event(name, entry, position)
            stream.put(events[name], instead=reload, private=private)
            sent += 1
            if name == _REMOVED and place.post_id is not None:
                stream.end("removed")
        self._metrics.sent.inc(sent)

    def _tell_all(self, reload: bytes) -> None:
        for place in self._places:
            if place.stream is not None:
                place.stream.put(reload, instead=reload)

    def _doubt(self, user_id: int | None) -> None:
        for place in self._places:
            if place.stream is not None and place.user is not None and user_id in (None, place.user.user_id):
                place.stream.doubt()


class _Known(NamedTuple):
    """Which events had been handed out at one moment."""

    settled: int
    beyond: frozenset[int]

    def has(self, entry_id: int) -> bool:
        return entry_id <= self.settled or entry_id in self.beyond


class _Position:
    """How far the log has been read: all up to ``settled``, and some beyond it."""

    def __init__(self, settled: int = 0) -> None:
        self.settled = settled
        self._beyond: dict[int, float] = {}

    def known(self) -> _Known:
        return _Known(self.settled, frozenset(self._beyond))

    def note(self, entries: Sequence[Entry]) -> list[tuple[Entry, int]]:
        """Those that are new, each with the position to tell with it."""
        now = monotonic()
        new = {entry.id: entry for entry in entries if entry.id not in self._beyond and entry.id > self.settled}
        self._beyond |= dict.fromkeys(new, now)
        found: list[tuple[Entry, int]] = []
        gap = False
        for entry_id in sorted(self._beyond):
            old = now - self._beyond[entry_id] > SETTLED_AFTER.total_seconds()
            gap = not old and (gap or entry_id != self.settled + 1)
            if not gap:
                self.settled = entry_id
                del self._beyond[entry_id]
            if entry_id in new:
                found.append((new[entry_id], self.settled))
        return found


def _name(entry: Entry, place: Place) -> str | None:
    """What an event is for this reader; None for what they may not know or did not ask for."""
    if entry.post_id is None:
        return RELOAD
    if place.post_id is not None and entry.post_id != place.post_id:
        return None
    before, after = (_sees(place.user, audience, entry) for audience in (entry.audience_before, entry.audience_after))
    if before:
        return _CHANGED if after else _REMOVED
    return _ADDED if after else None


def _sees(user: Principal | None, audience: str, entry: Entry) -> bool:
    if audience == Audience.AUTHOR:
        return user is not None and (user.is_admin or user.user_id == entry.author_id)
    return audience == Audience.EVERYBODY


def _event(name: str, entry: Entry, position: int) -> bytes:
    data = {} if entry.post_id is None else {"post_id": entry.post_id, "version": entry.version}
    return event(name, data, id=position)


def _nothing() -> None: ...
