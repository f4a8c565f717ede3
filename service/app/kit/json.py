"""JSON as this service writes it."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson


def json_bytes(content: Any) -> bytes:
    """UTC times end in Z (RFC 3339); a value without a JSON form is a TypeError."""
    return orjson.dumps(content, default=_plain, option=orjson.OPT_UTC_Z)


def _plain(value: object) -> str:
    if isinstance(value, UUID | Decimal):  # asyncpg's UUID is a subclass, which orjson leaves to us
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
