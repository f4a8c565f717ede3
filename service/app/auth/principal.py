"""Who is calling, and the cache of live sessions, which spares a query on most requests."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from app.cache.cache import UNCOORDINATED_TTL, Cache, Region
from app.http.cached_json import CachedJSON
from app.models.api_token import Scope

GrantKey = UUID | bytes
"""How a user signed in: the id of a session, or the hash of an API token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A signed-in user as the rules see them: who it is, by which session, with which scopes.

    ``scopes`` limit an API token (whose id is then the ``session_id``); a session has none and may do all its user may.
    """

    user_id: int
    session_id: UUID
    is_admin: bool
    is_verified: bool
    email: str
    profile: CachedJSON
    """The user's own profile: what GET /auth/me answers."""
    scopes: frozenset[Scope] | None = None
    expires_at: float | None = None
    """When an API token ends, in Unix seconds. A session's access token says so itself."""


Grants = dict[GrantKey, tuple[float, Principal]]
"""A user's live sessions and API tokens, each with the time it was read."""

Loader = Callable[[int, GrantKey], Awaitable[Principal | None]]


class PrincipalCache:
    """Live sessions and API tokens of this process, one entry a user, dropped at once when anything about them changes.

    Other workers hear through Redis within a second. Without Redis an entry lives a second, and not at all when
    several workers share the database: then every request asks it.
    """

    def __init__(self, cache: Cache, *, loader: Loader, alone: bool, ttl: float = 60.0) -> None:
        self._region: Region[Grants] = cache.region("principals", ttl=ttl, max_entries=10_000)
        self._cache = cache
        self._load = loader
        self._alone = alone
        self._ttl = ttl

    async def get(self, user_id: int, grant: GrantKey) -> Principal | None:
        """The caller behind a session or API token, or None when it or its user is not live."""
        grants = self._region.get(str(user_id))
        if grants is not None and (found := grants.get(grant)) is not None and self._trusts(found[0]):
            return found[1]
        if grants is not None:
            self._region.hits -= 1  # the user was there, this grant of theirs was not
        epoch = self._region.epoch
        loaded_at = monotonic()
        principal = await self._load(user_id, grant)
        if principal is not None and (self._alone or self._cache.connected) and epoch == self._region.epoch:
            kept = {key: entry for key, entry in (grants or {}).items() if self._trusts(entry[0])}
            self._region.put(str(user_id), {**kept, grant: (loaded_at, principal)}, epoch=epoch)
        return principal

    async def forget(self, user_id: int) -> None:
        """Call after the commit of anything that changes a user or their sessions."""
        await self._region.invalidate(str(user_id))

    def watch(self, listener: Callable[[int | None], None]) -> None:
        """Call ``listener`` with the user's id (None: any) whenever something about a user may have changed."""

        def tell(keys: Sequence[str] | None) -> None:
            for user_id in [None] if keys is None else map(int, keys):
                listener(user_id)

        self._region.watch(tell)

    def _trusts(self, loaded_at: float) -> bool:
        age = monotonic() - loaded_at
        return age < UNCOORDINATED_TTL if not self._cache.connected else age < self._ttl
