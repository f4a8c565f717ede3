"""Tokens: only ours, only of the right kind, only while they last."""

import base64
import json
import time
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from app.config import Settings
from app.security.tokens import InvalidToken, TokenSigner, key_id
from tests.config.test_settings import STRONG_KEY, settings

SESSION = UUID("01a205e7-89d6-79df-a76c-3a245670bcb4")
OTHER_KEY = STRONG_KEY[::-1]


def signer(**values: Any) -> TokenSigner:
    return TokenSigner(settings(**{"secret_key": STRONG_KEY, **values}))


def access(by: TokenSigner, lifetime: int = 60) -> str:
    return by.sign(typ="access", user_id=7, session_id=SESSION, lifetime=lifetime)


def forged(*, key: str = STRONG_KEY, algorithm: str = "HS256", kid: str | None = None, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": Settings.model_fields["token_issuer"].default,
        "aud": Settings.model_fields["token_audience"].default,
        "sub": "7",
        "sid": str(SESSION),
        "jti": "x",
        "iat": now,
        "exp": now + 60,
        "typ": "access",
        **changes,
    }
    kept = {name: value for name, value in claims.items() if value is not ...}
    return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid or key_id(key)})


def test_a_token_carries_the_registered_claims_and_a_key_id():
    token = access(signer())
    claims = jwt.decode(token, options={"verify_signature": False})
    assert set(claims) == {"iss", "aud", "sub", "sid", "jti", "iat", "exp", "typ"}
    assert claims["sub"] == "7"
    assert claims["sid"] == str(SESSION)
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "HS256"
    assert header["kid"] == key_id(STRONG_KEY)
    assert STRONG_KEY not in header["kid"]


def test_a_token_is_read_as_it_was_signed():
    claims = signer().verify_access(access(signer()))
    assert (claims.user_id, claims.session_id) == (7, SESSION)


def test_what_the_forger_makes_right_is_accepted():
    assert signer().verify_access(forged()).user_id == 7  # else the refusals below would prove nothing


@pytest.mark.parametrize(
    "token",
    [
        forged(key=OTHER_KEY),
        forged(key=OTHER_KEY, kid=key_id(STRONG_KEY)),
        forged(algorithm="HS512", key=STRONG_KEY * 2, kid=key_id(STRONG_KEY)),
        forged(algorithm="HS384"),
        forged(iss="another"),
        forged(aud="another"),
        forged(typ="refresh"),
        forged(exp=int(time.time()) - 1),
        forged(sub=7),
        forged(sub="seven"),
        forged(sub="0"),
        forged(sub=str(2**63)),
        forged(sid="not a uuid"),
        forged(sid=5),
        *(forged(**{claim: ...}) for claim in ("iss", "aud", "sub", "sid", "jti", "iat", "exp", "typ")),
        "",
        "a.b.c",
        "é" * 10,
        "x" * 10_000,
        forged()[:-2],
    ],
)
def test_any_other_token_is_refused(token: str):
    with pytest.raises(InvalidToken):
        signer().verify_access(token)


def test_an_unsigned_token_is_refused():
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = jwt.decode(forged(), options={"verify_signature": False})
    for algorithm in ("none", "None", "NONE"):
        token = f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': key_id(STRONG_KEY)})}.{part(claims)}."
        with pytest.raises(InvalidToken):
            signer().verify_access(token)


def test_a_header_with_a_key_id_that_is_no_text_is_refused():
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":{"a":1}}').rstrip(b"=").decode()
    with pytest.raises(InvalidToken):
        signer().verify_access(f"{header}.e30.e30")


def test_a_token_that_was_good_is_refused_once_it_has_expired():
    one = signer()
    token = access(one, lifetime=1)
    one.verify_access(token)
    time.sleep(1.1)
    with pytest.raises(InvalidToken):
        one.verify_access(token)


def test_a_refresh_token_is_no_access_token_nor_the_other_way_round():
    one = signer()
    refresh = one.sign(typ="refresh", user_id=7, session_id=SESSION, lifetime=60)
    with pytest.raises(InvalidToken):
        one.verify_access(refresh)
    with pytest.raises(InvalidToken):
        one.verify(access(one), typ="refresh")


def test_after_rotation_the_old_key_verifies_and_the_new_one_signs():
    before = signer(secret_key=OTHER_KEY)
    after = signer(secret_key=STRONG_KEY, previous_secret_keys=OTHER_KEY)
    assert after.verify_access(access(before)).user_id == 7
    assert jwt.get_unverified_header(access(after))["kid"] == key_id(STRONG_KEY)
    retired = signer(secret_key=STRONG_KEY)
    with pytest.raises(InvalidToken):
        retired.verify_access(access(before))


def test_remembered_tokens_are_bounded():
    one = signer()
    for _ in range(5000):
        one.verify_access(one.sign(typ="access", user_id=7, session_id=uuid4(), lifetime=60))
    assert len(one._verified) <= 4096
