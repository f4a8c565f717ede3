"""Secrets and addresses of people, blanked before a line or a report leaves the process."""

import re
from collections.abc import MutableMapping
from typing import Any, cast

Event = MutableMapping[str, Any]

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(r"passw|secret|token|authorization|cookie|api_?key|e-?mail|hash|credential", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"""
    (?P<jwt>eyJ[\w-]{8,}\.[\w-]+\.[\w-]*)
    | (?P<bearer>(?<=bearer\ )\S+)
    | (?P<userinfo>(?<=://)[^/\s:@]*:[^/\s@]+(?=@))     # user:password@ in an address
    | (?P<argon>\$(?:argon2\w*|2[aby])\$\S+)
    | (?P<email>[\w.+%-]+@[\w-]+(?:\.[\w-]+)+)
    """,
    re.IGNORECASE | re.VERBOSE,
)


def redact(_logger: Any, _method: str, event: Event) -> Event:
    """structlog processor: blank what is named like a secret or looks like one."""
    return {name: _redacted(name, value) for name, value in event.items()}


def _redacted(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return REDACTED if _is_secret(name) and value else redact_text(value)
    if isinstance(value, dict):
        members = cast(dict[Any, Any], value)
        return {key: _redacted(str(key), member) for key, member in members.items()}
    if isinstance(value, list | tuple):
        return [_redacted(name, item) for item in cast(list[Any], value)]
    if isinstance(value, bytes):
        return REDACTED
    return value if isinstance(value, int | float | bool | None) else redact_text(str(value))


def redact_text(text: str) -> str:
    """`text` without what looks like a token, a password in an address, a hash or an e-mail address."""
    return _SECRET_TEXT.sub(REDACTED, text)


def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None
