"""Stricter limits where guessing pays: by client address and by the account that is aimed at."""

from hashlib import sha256

from app.http.context import request_context
from app.http.ratelimit import Limit, client_key
from app.resources import Resources


async def limit_guessing(resources: Resources, action: str, requests: int, *, account: str | None = None) -> None:
    """Count one try of `action` by this client, and one at `account`. Raises TooManyRequests."""
    settings = resources.settings
    context = request_context.get()
    if settings.rate_limit_requests and context is not None:
        await resources.limiter.check(Limit(action, requests, settings.rate_limit_window), client_key(context.client))
    if account is not None:
        await limit_account(resources, action, requests, account=account)


async def limit_account(resources: Resources, action: str, requests: int, *, account: str) -> None:
    """Count one try of `action` at `account`, from wherever it comes. Raises TooManyRequests."""
    settings = resources.settings
    if settings.rate_limit_requests:
        # Hashed: e-mail addresses do not belong in a cache.
        digest = sha256(account.strip().lower().encode()).hexdigest()[:32]
        await resources.limiter.check(Limit(f"{action}-account", requests, settings.rate_limit_window), digest)
