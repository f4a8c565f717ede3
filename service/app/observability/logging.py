"""Logs: one shape for every line, whoever writes it; secrets and addresses of people never in it."""

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, cast

import structlog

from app.config import Settings
from app.http.context import add_request_context

Event = MutableMapping[str, Any]
Processor = Callable[[Any, str, Event], Any]

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


def configure_logging(settings: Settings) -> None:
    """Send structlog's and the standard library's lines through one chain to standard output.

    Harmless to repeat. JSON in production (or LOG_FORMAT=json), otherwise lines to read.
    """
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        add_request_context,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if settings.sentry_dsn is not None:
        from app.observability.sentry import error_reporter  # imports the SDK

        before.append(error_reporter(settings))
    after: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,  # text only: the other formatters print local variables
        redact,
        _renderer(as_json=wants_json(settings)),
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*before, structlog.stdlib.ExtraAdder(), _without_copies], processors=after
    )
    handler = _StandardOutput()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for former in [handler for handler in root.handlers if isinstance(handler, _StandardOutput)]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    for name in ("uvicorn", "uvicorn.error", "celery", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    logging.getLogger("uvicorn.access").disabled = True  # ours has the request id, and no query string
    # They log each statement, task or connection below this level (the pool by the name of our class).
    for name in ("sqlalchemy.engine", "app.database.pool", "celery.app.trace", "aiosqlite", "asyncio", "alembic"):
        logging.getLogger(name).setLevel(max(logging.WARNING, getattr(logging, settings.log_level)))


class _StandardOutput(logging.Handler):
    """Writes to whatever standard output is at the time, which a supervisor or a test may have replaced."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stdout.write(self.format(record) + "\n")
            sys.stdout.flush()
        except Exception:
            self.handleError(record)


def _without_copies(_logger: Any, _method: str, event: Event) -> Event:
    for name in ("color_message", "message"):  # uvicorn's and logging's own copies of the message
        event.pop(name, None)
    return event


def wants_json(settings: Settings) -> bool:
    return settings.log_format == "json" or (settings.log_format == "auto" and settings.is_production)


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


def _renderer(*, as_json: bool) -> Any:
    if as_json:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )
