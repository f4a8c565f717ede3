"""How the values of settings are written: what is accepted, and what is said of the rest.

Each function returns the value as it is kept, or raises ValueError with the accepted form.
"""

import json
import re
from ipaddress import ip_network
from typing import Any, cast
from urllib.parse import urlsplit

from app.kit.accounts import USERNAME_MAX, USERNAME_MIN, is_plain_name
from app.kit.addresses import canonical_address

_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
TAKEN_PATHS = frozenset(
    {
        *("admin", "docs", "redoc", "openapi.json", "health", "metrics", "pages"),
        *("verify-email", "forgot-password", "reset-password"),
    }
)
"""What the service's own addresses begin with."""
_HOST = re.compile(r"\*|(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_PROVIDER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[!-~]+", re.IGNORECASE)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SEVERAL = re.compile(r"[a-z+]+://[^/?#]*[^/?#@]*[,;][^/?#@]*([/?#]|$)", re.IGNORECASE)
_ADDRESSES = {
    "redis_url": (r"(rediss?://|unix:///)\S+", "redis://:password@host/0"),
    "celery_broker_url": (
        r"(rediss?|redis\+socket|amqps?)://\S+",
        "redis://:password@host/0, redis+socket:///path or amqp://user:password@host//",
    ),
    "otel_exporter_otlp_endpoint": (r"https?://[^\s/?#]+\S*", "http://collector:4318"),
    "sentry_dsn": (r"https?://[^\s/?#@]+@[^\s/?#@]+/\S*\d+", "https://key@sentry.example.org/1"),
    "s3_endpoint": (r"https?://[^\s/?#@]+/?", "https://s3.example.org"),
    "public_url": (r"https?://[!-~]+", "https://blog.example.org or https://example.org/blog"),
}
"""By field: what it has to look like, and an example."""


def split(value: object) -> object:
    """Accept `a,b`, `["a","b"]` or a real list."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if re.match(r"\[\s*[\"\]]", text):  # [::1] is a host
        return json.loads(text)
    return [part.strip() for part in text.split(",") if part.strip()]


def path_of_the_api(value: str) -> str:
    if not value.startswith("/") or value.endswith("/"):
        raise ValueError("must start with / and not end with one, e.g. /api/v1")
    if not is_plain_path(value) or first_name(value) in TAKEN_PATHS:
        raise ValueError(f"{value!r} cannot be where the API is: write plain names, and none of the service's own")
    return value


def is_plain_path(value: str) -> bool:
    """Whether it is ``/one/two``: names that no client and no proxy writes in another way."""
    return _PATH.fullmatch(value) is not None and not {".", ".."} & set(value.split("/"))


def first_name(path: str) -> str:
    """``api`` of ``/api/v1``."""
    return path.split("/")[1]


def networks(value: list[str]) -> list[str]:
    for name in value:
        if name not in {"*", "unix"}:
            ip_network(name, strict=False)  # ValueError names what is not an address
    return value


def address(value: str, field: str) -> str:
    """The address of another server, or PUBLIC_URL."""
    if field == "celery_broker_url" and ";" in value:  # Celery goes on to the next when one does not answer
        return ";".join(address(one, field) for one in value.split(";"))
    pattern, example = _ADDRESSES[field]
    if field != "public_url" and ("sentinel" in value.partition(":")[0] or _SEVERAL.match(value)):
        raise ValueError(
            f"names several servers or a Sentinel: name one server, or a proxy before them; write {example}"
        )
    if re.fullmatch(pattern, value) is None:
        raise ValueError(f"is not an address; write {example}")
    try:
        if value.startswith(("redis:", "rediss:", "unix:")):
            import redis.connection  # a tenth of a second, for those who have one

            cast(Any, redis.connection).parse_url(value)  # its annotations leave its types unknown
        parts = urlsplit(value)
        port = parts.port
    except ValueError as fault:
        raise ValueError(f"is not an address ({fault}); write {example}") from None
    if port == 0:
        raise ValueError(f"is not an address (nothing listens on port 0); write {example}")
    if field == "public_url" and set("?#@") & set(value):
        raise ValueError(f"is not an address; write {example}")
    if field == "public_url" and not (parts.path in ("", "/") or is_plain_path(parts.path.removesuffix("/"))):
        raise ValueError(f"its path {parts.path!r} is not made of plain names; write {example}")
    return value


def bucket(value: str) -> str:
    if _BUCKET.fullmatch(value) is None:
        raise ValueError(f"{value!r} is not the name of a bucket: 3 to 63 of a-z, 0-9, . and -")
    return value


def key_prefix(value: str) -> str:
    """The beginning of every key in a bucket, without slashes at its ends."""
    bare = value.strip("/")
    if bare and not is_plain_path(f"/{bare}"):
        raise ValueError(f"{value!r} is not made of plain names: write blog/uploads")
    return bare


def one_line(value: str) -> str:
    """A name that goes into headers, mails and logs."""
    if not value.strip() or not value.isprintable():
        raise ValueError("is empty, or has line breaks or other control characters: write one line")
    return value


def host(value: str) -> str:
    """A name or an address, of this machine or another."""
    if _HOST.fullmatch(f"[{value}]" if ":" in value else value) is None or "*" in value:
        raise ValueError(f"{value!r} is not a host name or an address: write it without scheme and port")
    return value


def host_names(value: list[str]) -> list[str]:
    for name in value:
        if _HOST.fullmatch(name) is None:
            raise ValueError(f"{name!r} is not a host name; write blog.example.org or *.example.org, without a port")
    return value


def mail_address(value: str) -> str:
    try:
        return canonical_address(value)
    except ValueError as fault:
        raise ValueError(f"is not an e-mail address: {fault}") from None


def username(value: str) -> str:
    if not is_plain_name(value) or not USERNAME_MIN <= len(value) <= USERNAME_MAX:
        raise ValueError(f"use {USERNAME_MIN} to {USERNAME_MAX} letters from a to z, digits and _")
    return value


def origins(value: list[str]) -> list[str]:
    """Without the slash that people write and browsers do not."""
    bare = [origin.removesuffix("/") for origin in value]
    for origin in bare:
        if origin != "*" and (_ORIGIN.fullmatch(origin) is None or set("/?#") & set(origin.partition("://")[2])):
            raise ValueError(
                f"{origin!r} is not an origin; write https://app.example.org (or xn--… for letters beyond ASCII), "
                "without a path"
            )
    return bare


def provider_names(value: dict[str, Any]) -> dict[str, Any]:
    for name in value:
        if not _PROVIDER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is part of an address: use a-z, 0-9 and -")
    return value


def from_json(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError as fault:
        raise ValueError(f"is not JSON: {fault}") from None
