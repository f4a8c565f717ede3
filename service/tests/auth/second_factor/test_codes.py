"""app.security.totp against the published test vectors."""

import pytest

from app.security import totp

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890": RFC 6238, appendix B

# Appendix B has eight digits; six are their last six (RFC 4226 §5.3 takes the number modulo 10^digits).
VECTORS = [
    (59, "287082"),
    (1_111_111_109, "081804"),
    (1_111_111_111, "050471"),
    (1_234_567_890, "005924"),
    (2_000_000_000, "279037"),
    (20_000_000_000, "353130"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_vectors_of_rfc_6238_are_codes_of_their_time(seconds: int, code: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(totp, "time", lambda: seconds)
    assert totp.matching_step(SECRET, code) == seconds // 30


@pytest.mark.parametrize(("drift", "good"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_clocks_may_differ_by_one_period(drift: int, good: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(totp, "time", lambda: 1_234_567_890 + drift)
    assert (totp.matching_step(SECRET, "005924") is not None) == good


def test_a_step_that_is_used_up_has_no_code(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(totp, "time", lambda: 59)
    assert totp.matching_step(SECRET, "287 082", after=0) == 1
    assert totp.matching_step(SECRET, "287082", after=1) is None


@pytest.mark.parametrize("code", ["", "28708", "2870820", "２８７０８２", "abcdef", "-28708"])
def test_what_is_no_code_matches_nothing(code: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(totp, "time", lambda: 59)
    assert totp.matching_step(SECRET, code) is None


def test_secrets_are_160_bits_and_differ():
    made = {totp.new_secret() for _ in range(8)}
    assert len(made) == 8
    assert {len(secret) for secret in made} == {32}
