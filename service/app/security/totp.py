"""One-time codes from an authenticator app (RFC 6238: SHA-1, six digits, a new one every thirty seconds).

These are the parameters every app knows; several ignore any others.
"""

import hmac
from time import time

from pyotp import random_base32
from pyotp.hotp import HOTP
from pyotp.totp import TOTP

PERIOD = 30
DIGITS = 6
DRIFT = 1
"""Codes of this many steps before and after now are taken too: clocks differ, and people type slowly."""


def new_secret() -> str:
    """160 random bits in base32, as long as the hash (RFC 4226 §4)."""
    return random_base32(32)


def otpauth_uri(secret: str, *, account: str, issuer: str) -> str:
    """What authenticator apps read from a QR code."""
    return TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def matching_step(secret: str, code: str, *, after: int = 0) -> int | None:
    """The time step whose code this is, or None. Steps up to `after` are used up (RFC 6238 §5.2: a code is good once).

    Every candidate is compared, in constant time. Spaces, as apps show them, do not count.
    """
    written = code.replace(" ", "").encode()
    now = int(time()) // PERIOD
    codes = HOTP(secret)
    found = None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(codes.at(step).encode(), written) and step > after:
            found = step
    return found
