"""Errors sent to Sentry: every line logged as an error, with the ids that find it in the log, and nothing of people.

Imported only where ``SENTRY_DSN`` is set. None of the SDK's own integrations is on: what they would add (bodies,
headers, cookies, local variables, breadcrumbs of queries) is what must not leave.
"""

import sys
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any, cast

import sentry_sdk
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import BadDsn

from app.config import ConfigurationError, Settings
from app.observability.redaction import redact, redact_text

Line = MutableMapping[str, Any]
_TAGS = ("request_id", "job", "job_id", "trace_id", "method", "path")
_LEVELS = {"error", "critical"}


def error_reporter(settings: Settings) -> Callable[[Any, str, Line], Line]:
    """A structlog processor that reports errors. Raises ConfigurationError for an invalid DSN."""
    assert settings.sentry_dsn is not None
    _start(settings.sentry_dsn.get_secret_value(), settings.environment, settings.version)
    return _report


def stop() -> None:
    """Send what has not been sent; blocks for two seconds at most."""
    sentry_sdk.flush(timeout=2.0)


@lru_cache
def _start(dsn: str, environment: str, version: str) -> None:
    try:
        sentry_sdk.init(
            dsn=dsn,
            environment=environment,
            release=version,
            default_integrations=False,
            auto_enabling_integrations=False,
            data_collection={"user_info": False, "http_bodies": [], "stack_frame_variables": False},
            include_local_variables=False,
            max_breadcrumbs=0,
            before_send=_without_secrets,
        )
    except BadDsn as error:
        raise ConfigurationError(f"SENTRY_DSN is not valid: {error}") from None


def _report(_logger: Any, _method: str, line: Line) -> Line:
    if line.get("level") not in _LEVELS or _is_of_the_sdk(line):
        return line
    with sentry_sdk.new_scope() as scope:
        scope.set_level(line["level"])
        for name in _TAGS:
            if line.get(name) is not None:
                scope.set_tag(name, str(line[name]))
        if line.get("user_id") is not None:
            scope.set_user({"id": str(line["user_id"])})
        shown = {name: value for name, value in line.items() if not name.startswith("_") and name != "exc_info"}
        scope.set_context("log line", dict(redact(None, "", shown)))
        error = _error_of(line)
        if error is not None:
            scope.capture_exception(error)
        else:
            scope.capture_message(redact_text(str(line.get("event"))))
    return line


def _error_of(line: Line) -> BaseException | None:
    """What structlog, and the standard library, may put under ``exc_info``."""
    match line.get("exc_info"):
        case BaseException() as error:
            return error
        case (_, BaseException() as error, _):
            return error
        case True:
            return sys.exception()
        case _:
            return None


def _without_secrets(event: Event, _hint: Hint) -> Event:
    """Exception messages repeat what was sent: an address, a link with its token."""
    for error in cast(dict[str, Any], event.get("exception") or {}).get("values", []):
        error["value"] = redact_text(str(error.get("value") or ""))
    event.pop("server_name", None)
    return event


def _is_of_the_sdk(line: Line) -> bool:
    record = line.get("_record")
    return record is not None and str(record.name).startswith("sentry_sdk")
