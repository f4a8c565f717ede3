"""Small secrets encrypted with a key that neither the database nor the client has: Fernet (AES-128-CBC, HMAC-SHA256).

Each purpose has a key of its own, derived from SECRET_KEY, so that what was encrypted for one purpose is refused for
another. What a key in PREVIOUS_SECRET_KEYS encrypted can still be decrypted.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.kit.keys import derive_key


class DecryptionError(ValueError):
    """Not encrypted by us for this purpose, or too long ago."""


def encrypt_json(content: dict[str, Any], *, purpose: str, secrets: Sequence[str]) -> str:
    """Encrypt and sign JSON with the first of `secrets`. The result fits a header, a cookie and a column of text."""
    return _cipher(purpose, tuple(secrets)).encrypt(orjson.dumps(content)).decode()


def decrypt_json(token: str, *, purpose: str, secrets: Sequence[str], max_age: int | None = None) -> dict[str, Any]:
    """What was encrypted, at most `max_age` seconds ago. Raises DecryptionError."""
    try:
        return cast(dict[str, Any], orjson.loads(_cipher(purpose, tuple(secrets)).decrypt(token, ttl=max_age)))
    except (InvalidToken, ValueError) as error:  # Fernet raises the latter for what is not ASCII
        raise DecryptionError(purpose) from error


@lru_cache(maxsize=16)
def _cipher(purpose: str, secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(derive_key(secret, purpose))) for secret in secrets])
