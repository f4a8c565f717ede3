"""ID tokens: every algorithm that is taken, and which key checks it. What is refused: `test_refusals.py`."""

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from app.security.oidc.id_token import ALGORITHMS, BadIdToken, Expected, KeyNotFound, validate

EXPECTED = Expected("https://id.example.org", "us", nonce="n", access_token="at")
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
RSA = rsa.generate_private_key(65537, 2048)


def key_for(algorithm: str) -> Any:
    return ec.generate_private_key(CURVES[algorithm]) if algorithm in CURVES else RSA


def published(key: Any, **members: str) -> jwt.PyJWK:
    public = key.public_key()
    kind = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return jwt.PyJWK.from_dict({**kind.to_jwk(public, as_dict=True), **members})


def token(key: Any, algorithm: str, *, kid: str | None = None, **claims: Any) -> str:
    now = int(time.time())
    good = {"iss": EXPECTED.issuer, "sub": "7", "aud": "us", "nonce": "n", "iat": now, "exp": now + 60}
    return jwt.encode({**good, **claims}, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_that_is_taken_is_checked_by_the_key_that_made_it(algorithm: str):
    key, other = key_for(algorithm), key_for(algorithm)
    made = token(key, algorithm, kid="a")
    assert validate(made, EXPECTED, keys=[published(key, kid="a"), published(RSA, kid="b")])["sub"] == "7"
    if other is not key:
        with pytest.raises(BadIdToken, match="Signature"):
            validate(made, EXPECTED, keys=[published(other, kid="a")])


def test_a_header_that_names_no_key_must_leave_no_doubt():
    elliptic = key_for("ES256")
    made = token(RSA, "RS256")
    assert validate(made, EXPECTED, keys=[published(RSA, kid="a"), published(elliptic, kid="b")])
    with pytest.raises(KeyNotFound, match="2 keys"):
        validate(made, EXPECTED, keys=[published(RSA, kid="a"), published(RSA, kid="b")])


def test_a_key_for_encryption_checks_nothing():
    with pytest.raises(KeyNotFound, match="0 keys"):
        validate(token(RSA, "RS256"), EXPECTED, keys=[published(RSA, use="enc")])


def test_the_public_key_is_no_secret_to_sign_with():
    """RS256 taken for HS256 (RFC 8725 §2.1): who knows the public key would make tokens."""
    forged = token("x" * 32, "HS256", kid="a")
    with pytest.raises(BadIdToken, match="HS256"):
        validate(forged, EXPECTED, keys=[published(RSA, kid="a")])


@pytest.mark.parametrize("claims", [{"aud": ["us"]}, {"aud": ["us", "them"], "azp": "us"}, {"azp": "us"}])
def test_an_audience_may_be_a_list_if_it_was_given_to_us(claims: dict[str, Any]):
    assert validate(token(RSA, "RS256", **claims), EXPECTED, keys=[published(RSA)])


@pytest.mark.parametrize("claims", [{"sub": 7}, {"nonce": 7}, {"at_hash": 7}, {"aud": []}, {"sub": "x" * 256}])
def test_claims_of_the_wrong_kind_are_refused(claims: dict[str, Any]):
    with pytest.raises(BadIdToken):
        validate(token(RSA, "RS256", **claims), EXPECTED, keys=[published(RSA)])


@pytest.mark.parametrize("text", ["", "a.b.c", "é", "e30.e30.", "." * 2000])
def test_what_is_no_token_is_refused(text: str):
    with pytest.raises(BadIdToken):
        validate(text, EXPECTED, keys=[published(RSA)])
