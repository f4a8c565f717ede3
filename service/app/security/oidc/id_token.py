"""ID tokens: the checks of OpenID Connect Core 1.0 §3.1.3.7, each of them."""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import jwt

# Signatures only, by a key that the provider alone has. `none` and HS256 (keyed with our secret, which is not secret to
# who else has it) are not among them: RFC 8725 §3.1.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_KEY_TYPES = {"R": "RSA", "P": "RSA", "E": "EC"}
_REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]
LEEWAY = 60  # seconds their clock may differ from ours
_MAX_SUBJECT = 255


class BadIdToken(ValueError):
    """Not a token of this provider, for us, for this sign-in; the message says why and is for the log."""


class KeyNotFound(BadIdToken):
    """No key of the set made it: the provider may have new ones."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token has to agree with."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str


def validate(token: str, expected: Expected, *, keys: list[jwt.PyJWK]) -> dict[str, Any]:
    """The claims of an ID token. Raises BadIdToken."""
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise BadIdToken(f"algorithm {algorithm!r}")
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(keys, algorithm=algorithm, kid=header.get("kid")).key,
            algorithms=[algorithm],
            issuer=expected.issuer,
            audience=expected.client_id,
            leeway=LEEWAY,
            options={"require": _REQUIRED},
        )
    except (jwt.PyJWTError, TypeError, AttributeError) as error:
        raise BadIdToken(f"{type(error).__name__}: {error}") from error
    _check(claims, expected)
    if "at_hash" in claims:
        _check_at_hash(claims["at_hash"], expected.access_token, algorithm=algorithm)
    return claims


def _key(keys: list[jwt.PyJWK], *, algorithm: str, kid: str | None) -> jwt.PyJWK:
    """The key that a header names. A header that names none must leave no doubt (Core §10.1)."""
    fitting = [
        key
        for key in keys
        if key.key_type == _KEY_TYPES[algorithm[0]]
        and key.public_key_use in {None, "sig"}
        and (kid is None or key.key_id == kid)
    ]
    if len(fitting) != 1:
        raise KeyNotFound(f"{len(fitting)} keys fit {algorithm} and kid {kid!r}")
    return fitting[0]


def _check(claims: dict[str, Any], expected: Expected) -> None:
    client_id, nonce = expected.client_id, expected.nonce
    if not isinstance(claims["nonce"], str) or not hmac.compare_digest(claims["nonce"].encode(), nonce.encode()):
        raise BadIdToken("it answers another sign-in: nonce")
    audience = claims["aud"]
    if isinstance(audience, list) and audience != [client_id] and claims.get("azp") != client_id:
        raise BadIdToken("it is for others too: aud")
    if claims.get("azp", client_id) != client_id:
        raise BadIdToken("it was given to another client: azp")
    if not 0 < len(claims["sub"]) <= _MAX_SUBJECT:
        raise BadIdToken("sub is empty or too long")


def _check_at_hash(at_hash: Any, access_token: str, *, algorithm: str) -> None:
    """The access token is the one that came with it (Core §3.1.3.6): the left half of its hash."""
    digest = jwt.get_algorithm_by_name(algorithm).compute_hash_digest(access_token.encode())
    expected = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not isinstance(at_hash, str) or not hmac.compare_digest(at_hash.encode(), expected):
        raise BadIdToken("it belongs to another access token: at_hash")
