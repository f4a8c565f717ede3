"""What one application holds: made by `create_app`, opened by the lifespan, reached as `app.state.resources`."""

from dataclasses import dataclass
from uuid import UUID

from app.core.access_log import AccessLog
from app.core.cache import Cache
from app.core.config import Settings
from app.core.counters import BufferedCounter
from app.core.csrf import CsrfGuard
from app.core.database import Database
from app.core.hot import HotAnswers
from app.core.metrics import Metrics
from app.core.oidc.client import OidcClient
from app.core.passwords import PasswordHasher
from app.core.principal import PrincipalCache
from app.core.ratelimit import RateLimiter
from app.core.redis import RedisClient
from app.core.tokens import TokenSigner


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
