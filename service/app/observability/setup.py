"""Tracing and error reports: switched on where they are configured, not even imported where they are not."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from app.config import Settings
from app.database.engine import Database

if TYPE_CHECKING:
    from redis.asyncio import Redis


def fastapi_options(settings: Settings) -> dict[str, Any]:
    """Keywords for FastAPI() that concern its own telemetry, which it has from 0.165 on.

    Where nothing is traced it is told so: else it looks for a provider with each request, a sixth of a cached answer.
    """
    if not settings.traces:
        off = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
        return {"telemetry": off} if find_spec("fastapi.telemetry") else {}
    from app.observability import telemetry

    return telemetry.native_options()


def redis_kind(settings: Settings) -> "type[Redis] | None":
    """The class of the Redis client; None is the library's own."""
    if not settings.traces:
        return None
    from app.observability import telemetry

    return telemetry.TracedRedis


def trace_database(settings: Settings, database: Database) -> None:
    if settings.traces:
        from app.observability import telemetry

        telemetry.trace_engine(database.engine.sync_engine)
        telemetry.trace_reader(database.reader)


def trace_engine(settings: Settings, engine: Engine) -> None:
    if settings.traces:
        from app.observability import telemetry

        telemetry.trace_engine(engine)


def start(settings: Settings) -> None:
    """Call it in the process that serves or works, after it was forked. Error reports start with the logs."""
    if settings.traces:
        from app.observability import telemetry

        telemetry.start(settings)


def stop(settings: Settings) -> None:
    """Send what waits to be sent; blocks for a few seconds where the receiver is away."""
    if settings.traces:
        from app.observability import telemetry

        telemetry.stop()
    if settings.sentry_dsn is not None:
        from app.observability import sentry as reporting

        reporting.stop()
