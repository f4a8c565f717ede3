"""What one application holds: made by `create_app`, opened by the lifespan, reached as `app.state.resources`."""

from dataclasses import dataclass
from uuid import UUID

from app.auth.principal import PrincipalCache
from app.cache.cache import Cache
from app.cache.redis import RedisClient
from app.config import Settings
from app.database.engine import Database
from app.http.ratelimit import RateLimiter
from app.kit.counters import BufferedCounter
from app.observability.access_log import AccessLog
from app.observability.metrics import Metrics
from app.posts.response_cache import HotAnswers
from app.security.csrf import CsrfGuard
from app.security.oidc.client import OidcClient
from app.security.passwords import PasswordHasher
from app.security.tokens import TokenSigner


@dataclass(slots=True, kw_only=True)
class Resources:
    settings: Settings
    database: Database
    hasher: PasswordHasher
    signer: TokenSigner
    csrf: CsrfGuard
    redis: RedisClient | None
    cache: Cache
    limiter: RateLimiter
    hot: HotAnswers
    views: BufferedCounter[int]
    token_uses: BufferedCounter[UUID]
    metrics: Metrics
    access_log: AccessLog
    principals: PrincipalCache
    providers: dict[str, OidcClient]
