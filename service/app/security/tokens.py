"""Signed tokens: JWT (RFC 7519) by one algorithm, with a key id so that keys can be rotated."""

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import jwt

from app.config import Settings
from app.kit.ids import MAX_ID

TokenType = Literal["access", "refresh", "admin"]

_CLAIMS = ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "typ"]
_REMEMBERED = 4096
_MAX_LENGTH = 2048


class InvalidToken(ValueError):
    """Not a token of ours, or no longer valid."""


@dataclass(frozen=True, slots=True)
class Claims:
    user_id: int
    session_id: UUID
    expires_at: int
    """Unix seconds."""


class TokenSigner:
    """Makes and checks tokens. The first key signs; every key verifies, chosen by the token's `kid`."""

    def __init__(self, settings: Settings) -> None:
        keys = settings.signing_keys()
        self._algorithm = settings.algorithm
        self._issuer = settings.token_issuer
        self._audience = settings.token_audience
        self._kid = key_id(keys[0])
        self._keys = {key_id(key): key for key in reversed(keys)}
        self._jwt = jwt.PyJWT()
        self._verified: OrderedDict[str, Claims] = OrderedDict()
        self.secret = keys[0]
        self.secrets = tuple(keys)

    def sign(self, *, typ: TokenType, user_id: int, session_id: UUID, lifetime: int) -> str:
        """A token good for `lifetime` seconds from now."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + lifetime,
            "typ": typ,
        }
        return self._jwt.encode(claims, self._keys[self._kid], algorithm=self._algorithm, headers={"kid": self._kid})

    def verify_access(self, token: str) -> Claims:
        """The claims of an access token. Raises InvalidToken.

        A signature once checked is remembered (it cannot become wrong); the time is looked at on every call.
        """
        claims = self._verified.get(token)
        if claims is None:
            claims = self.verify(token, typ="access")
            self._verified[token] = claims
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        elif claims.expires_at <= time.time():
            del self._verified[token]
            raise InvalidToken("expired")
        return claims

    def verify(self, token: str, *, typ: TokenType) -> Claims:
        """The claims of a token of this type. Raises InvalidToken."""
        if len(token) > _MAX_LENGTH:
            raise InvalidToken("too long")
        try:
            claims = self._decode(token)
            if claims["typ"] != typ:
                raise InvalidToken(f"not an {typ} token")
            user_id = int(claims["sub"])
            if not 0 < user_id <= MAX_ID:
                raise InvalidToken("sub out of range")
            return Claims(user_id=user_id, session_id=UUID(claims["sid"]), expires_at=int(claims["exp"]))
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
            raise InvalidToken(str(error)) from error

    def _decode(self, token: str) -> dict[str, Any]:
        key = self._keys.get(jwt.get_unverified_header(token).get("kid", ""))
        if key is None:
            raise InvalidToken("unknown key")
        return self._jwt.decode(
            token,
            key,
            algorithms=[self._algorithm],
            issuer=self._issuer,
            audience=self._audience,
            options={"require": _CLAIMS, "verify_iat": False},  # our servers' clocks may differ by a little
        )


def key_id(key: str) -> str:
    """A name for a key that tells nothing about it."""
    return sha256(b"kid:" + key.encode()).hexdigest()[:12]


def token_hash(token: str) -> bytes:
    """What is kept of a token. Plain SHA-256 is enough: tokens carry 128 random bits or more."""
    return sha256(token.encode()).digest()
