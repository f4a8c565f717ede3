"""The settings as they may be shown: without secrets."""

import re
from typing import Any

from pydantic import BaseModel, SecretStr

_SECRET_IN_URL = re.compile(
    r"((?<=://)[^/@\s:]*:|(?<=[?&])[^=&]*(?:password|secret|token|key)[^=&]*=)[^@&\s]*?(@|&|$)", re.IGNORECASE
)
_MAY_HOLD_A_PASSWORD = {"database_url", "redis_url", "celery_broker_url", "otel_exporter_otlp_endpoint"}
_SECRET = {"previous_secret_keys"}


def describe(settings: BaseModel) -> dict[str, Any]:
    """The effective settings with every secret masked, for `app doctor`."""
    shown: dict[str, Any] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr) or name in _SECRET:
            value = "********" if value else None
        elif name in _MAY_HOLD_A_PASSWORD and value:
            value = _masked(value)
        shown[name] = value
    return shown


def _masked(value: str) -> str:
    """Addresses (several, for Celery, are separated by ;) without passwords, wherever they are written."""
    return ";".join(_SECRET_IN_URL.sub(r"\1***\2", address) for address in value.split(";"))
