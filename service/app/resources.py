"""What one application holds: made by `create_app`, opened by the lifespan, reached as `app.state.resources`."""

from dataclasses import dataclass, field
from typing import TypeVar, cast

from app.cache.cache import Cache
from app.cache.redis import RedisClient
from app.config import Settings
from app.database.engine import Database
from app.http.ratelimit import RateLimiter
from app.observability.access_log import AccessLog
from app.observability.metrics import Metrics
from app.security.csrf import CsrfGuard
from app.security.oidc.client import OidcClient
from app.security.passwords import PasswordHasher
from app.security.tokens import TokenSigner

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Resources:
    """Every package reaches what it shares here, and adds what it keeps itself: a cache, a counter."""

    settings: Settings
    database: Database
    hasher: PasswordHasher
    signer: TokenSigner
    csrf: CsrfGuard
    redis: RedisClient | None
    cache: Cache
    limiter: RateLimiter
    metrics: Metrics
    access_log: AccessLog
    providers: dict[str, OidcClient]
    _added: dict[type, object] = field(default_factory=dict[type, object], repr=False)

    def add(self, part: T) -> T:
        """Keep ``part``, to be found by its class; returns it."""
        self._added[type(part)] = part
        return part

    def get(self, kind: type[T]) -> T:
        """The part of this class. KeyError names a class of which none was added."""
        return cast(T, self._added[kind])
