"""What one running application holds: made by `create_app`, opened by the lifespan, reached as `app.state.resources`."""

from dataclasses import dataclass

from app.core.cache import Cache
from app.core.config import Settings
from app.core.database import Database
from app.core.passwords import PasswordHasher
from app.core.principal import PrincipalCache
from app.core.tokens import TokenSigner


@dataclass(slots=True, kw_only=True)
class Resources:
    settings: Settings
    database: Database
    hasher: PasswordHasher
    signer: TokenSigner
    cache: Cache
    principals: PrincipalCache
