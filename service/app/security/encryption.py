"""Small secrets sealed with a key the database and the client do not hold: Fernet (AES-128-CBC and HMAC-SHA256).

Each purpose has a key of its own, derived from SECRET_KEY, so that what was sealed for one cannot be passed off as
another. What PREVIOUS_SECRET_KEYS sealed still opens.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.kit.keys import derive_key


class NotSealed(ValueError):
    """Not sealed by us for this purpose, or too long ago."""


def seal(content: dict[str, Any], *, purpose: str, secrets: Sequence[str]) -> str:
    """Encrypt and sign JSON with the first of `secrets`. The result fits a header, a cookie and a column of text."""
    return _cipher(purpose, tuple(secrets)).encrypt(orjson.dumps(content)).decode()


def unseal(sealed: str, *, purpose: str, secrets: Sequence[str], max_age: int | None = None) -> dict[str, Any]:
    """What was sealed, not more than `max_age` seconds ago. Raises NotSealed."""
    try:
        return cast(dict[str, Any], orjson.loads(_cipher(purpose, tuple(secrets)).decrypt(sealed, ttl=max_age)))
    except (InvalidToken, ValueError) as error:  # Fernet raises the latter for what is not ASCII
        raise NotSealed(purpose) from error


@lru_cache(maxsize=16)
def _cipher(purpose: str, secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(derive_key(secret, purpose))) for secret in secrets])
