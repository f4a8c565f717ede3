"""Logs: every line in one shape, without secrets or addresses of people."""

import logging
import sys
from typing import Any

import structlog

from app.config import Settings
from app.http.context import add_request_context
from app.observability.redaction import Event, redact


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


def _renderer(*, as_json: bool) -> Any:
    if as_json:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )
