"""Who is calling, and the cache that answers "is this session still live?" without asking the database each time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from app.core.answers import JsonAnswer
from app.core.cache import UNCOORDINATED_TTL, Cache, Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A signed-in user as seen by the rules: who, by which session, allowed what."""

    user_id: int
    session_id: UUID
    is_admin: bool
    is_verified: bool
    email: str
    profile: JsonAnswer
    """The user's own profile: what GET /auth/me answers."""


Sessions = dict[UUID, tuple[float, Principal]]
"""A user's live sessions, each with the time it was read."""

Loader = Callable[[int, UUID], Awaitable[Principal | None]]


class PrincipalCache:
    """Live sessions of this process, one entry a user, dropped at once when anything about the user changes.

    Other workers hear through Redis within a second. Without Redis an entry lives a second, and not at all when
    several workers share the database: then every request asks it.
    """

    def __init__(self, cache: Cache, *, loader: Loader, alone: bool, ttl: float = 60.0) -> None:
        self._region: Region[Sessions] = cache.region("principals", ttl=ttl, max_entries=10_000)
        self._cache = cache
        self._load = loader
        self._alone = alone
        self._ttl = ttl

    async def get(self, user_id: int, session_id: UUID) -> Principal | None:
        """The caller behind a session, or None when session or user is not live."""
        sessions = self._region.get(str(user_id))
        if sessions is not None and (found := sessions.get(session_id)) is not None and self._trusts(found[0]):
            return found[1]
        epoch = self._region.epoch
        loaded_at = monotonic()
        principal = await self._load(user_id, session_id)
        if principal is not None and (self._alone or self._cache.connected) and epoch == self._region.epoch:
            kept = {key: entry for key, entry in (sessions or {}).items() if self._trusts(entry[0])}
            self._region.put(str(user_id), {**kept, session_id: (loaded_at, principal)}, epoch=epoch)
        return principal

    async def forget(self, user_id: int) -> None:
        """Call after the commit of anything that changes a user or their sessions."""
        await self._region.invalidate(str(user_id))

    def _trusts(self, loaded_at: float) -> bool:
        age = monotonic() - loaded_at
        return age < UNCOORDINATED_TTL if not self._cache.connected else age < self._ttl
