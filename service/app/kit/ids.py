"""Identifiers that sort by the time they were made."""

import os
import time
from uuid import UUID

# What a signed 64-bit column holds. Larger numbers are refused at the door, not by the driver.
MAX_ID = 2**63 - 1


def uuid7() -> UUID:
    """Return a UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return UUID(int=value)
