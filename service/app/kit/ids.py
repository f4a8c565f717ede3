"""Identifiers that sort by the time they were made."""

import os
import time
from uuid import UUID

# The largest number that JavaScript reads out of JSON exactly (Number.MAX_SAFE_INTEGER). Larger ones are refused at the
# door, well before the 64 bits of a column end.
MAX_ID = 2**53 - 1


def uuid7() -> UUID:
    """Return a UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return UUID(int=value)
