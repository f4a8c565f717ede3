"""Traces: a request, the SQL and Redis commands it waits for and the jobs it causes, as one trace (OpenTelemetry).

Imported only where ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set. FastAPI (from 0.165) opens the spans of a request, its
dependencies and its endpoint; those of what the request waits for are made here, and only inside of a recorded span:
the relay's polls and the cache's heartbeats belong to no trace. A job carries its request's ``traceparent`` (W3C Trace
Context) in its row of the outbox, so it makes no difference who runs it, and when.

Spans hold no query string, parameter, key or exception message: those are where people's data is.
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any, cast

import fastapi
import redis.asyncio
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from redis.asyncio.client import Pipeline
from sqlalchemy import Engine, event
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.config import ConfigurationError, Settings
from app.database.reader import Reader
from app.http.context import RequestContext, request_context

_tracer = trace.get_tracer("app")
_SPANS = "spans"
_LONGEST_STATEMENT = 4096
_LAST_WORDS = 5.0  # seconds
_UNTRACED = ("/health", "/metrics")


def start(settings: Settings) -> None:
    """Send this process's spans to the collector. Harmless to repeat; call it after a fork, not before.

    Raises ConfigurationError when the `telemetry` extra is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigurationError(
            f"OTEL_EXPORTER_OTLP_ENDPOINT is set, but {error.name} is not installed; "
            "install the `telemetry` extra, or unset it"
        ) from None
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return
    about = {
        "service.name": settings.otel_service_name or settings.token_issuer,
        "service.version": settings.version,
        "deployment.environment.name": settings.environment,
    }
    endpoint = f"{str(settings.otel_exporter_otlp_endpoint).rstrip('/')}/v1/traces"
    provider = TracerProvider(resource=Resource.create(about))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)


def stop() -> None:
    """Send what has not been sent; given up after 5 s where the collector is away. Nothing is traced after it.

    The SDK's own bound is 30 s, as long as an orchestrator waits before it kills.
    """
    provider: Any = trace.get_tracer_provider()
    if hasattr(provider, "shutdown"):
        ending = Thread(target=provider.shutdown, name="telemetry-stop", daemon=True)
        ending.start()
        ending.join(_LAST_WORDS)


def native_options() -> dict[str, Any]:
    """What FastAPI is told about telemetry of its own. Raises ConfigurationError for a FastAPI that has none."""
    try:
        from fastapi.telemetry import TelemetryConfig
    except ImportError:
        raise ConfigurationError(
            f"OTEL_EXPORTER_OTLP_ENDPOINT is set, but FastAPI {fastapi.__version__} cannot trace; "
            "install FastAPI 0.165 or newer (the `telemetry` extra), or unset it"
        ) from None
    config: TelemetryConfig = {"metrics": False, "logs": False, "auto_configure": False, "exclude": _is_untraced}
    return {"telemetry": config}


class TracedRequests:
    """Inside the edge, which has named the request: joins the request's span to its log lines and to its jobs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = request_context.get()
        span = trace.get_current_span()
        if scope["type"] != "http" or context is None or not span.get_span_context().is_valid:
            await self.app(scope, receive, send)
            return
        context.traceparent = _traceparent(span)
        span.set_attribute("request_id", context.request_id)
        if scope["query_string"]:
            span.set_attribute("url.query", "[redacted]")  # FastAPI has put it there

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":  # with the last byte the span has ended
                _name(span, context)
            await send(message)

        await self.app(scope, receive, send_named)


def _name(span: Span, context: RequestContext) -> None:
    if context.user_id is not None:
        span.set_attribute("user_id", context.user_id)
    if context.route is not None:  # answered from the cache, so no router has named it
        span.update_name(f"{context.method} {context.route}")
        span.set_attribute("http.route", context.route)


@contextmanager
def job_span(name: str, *, job_id: str, attempt: int, traceparent: str | None) -> Generator[Callable[[str], None]]:
    """The span of one attempt at a job, below the request that caused it. Yields what is told the outcome."""
    parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent} if traceparent else {})
    attributes: dict[str, str | int] = {"job.name": name, "job.id": job_id, "job.attempt": attempt}
    with _tracer.start_as_current_span(
        f"job {name}", context=parent, kind=SpanKind.CONSUMER, attributes=attributes, record_exception=False
    ) as span:

        def ended(outcome: str) -> None:
            span.set_attribute("job.outcome", outcome)
            if outcome != "done":
                span.set_status(StatusCode.ERROR)

        yield ended


def trace_engine(engine: Engine) -> None:
    """A span for every statement of SQLAlchemy's that belongs to a trace."""
    system = {"db.system.name": engine.dialect.name}

    @event.listens_for(engine, "before_cursor_execute")
    def before(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        span = None
        if trace.get_current_span().is_recording():
            span = _tracer.start_span(_verb(statement), kind=SpanKind.CLIENT, attributes=system | _query(statement))
        connection.info.setdefault(_SPANS, []).append(span)

    @event.listens_for(engine, "after_cursor_execute")
    def after(connection: Any, *_: Any) -> None:
        if (span := connection.info[_SPANS].pop()) is not None:
            span.end()

    @event.listens_for(engine, "handle_error")
    def failed(context: Any) -> None:
        spans = context.connection.info.get(_SPANS) if context.connection is not None else None
        if spans and (span := spans.pop()) is not None:
            _fail(span, context.original_exception)
            span.end()


def trace_reader(reader: Reader) -> None:
    """A span for every read that belongs to a trace; waiting for a connection is part of it."""
    records: Callable[..., Awaitable[Sequence[Any]]] = reader.records
    system = {"db.system.name": reader.dialect.name}

    async def traced(sql: str, parameters: Sequence[Any], **how: Any) -> Sequence[Any]:
        if not trace.get_current_span().is_recording():
            return await records(sql, parameters, **how)
        with _waiting(_verb(sql), system | _query(sql)):
            return await records(sql, parameters, **how)

    reader.records = traced


class TracedRedis(redis.asyncio.Redis):
    """redis-py's client, with a span for every command and pipeline that belongs to a trace."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if not trace.get_current_span().is_recording():
            return await cast(Any, super()).execute_command(*args, **options)
        with _waiting(str(args[0]), {"db.system.name": "redis", "db.operation.name": str(args[0])}):
            return await cast(Any, super()).execute_command(*args, **options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> "TracedPipeline":
        return TracedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class TracedPipeline(Pipeline):
    async def execute(self, raise_on_error: bool = True) -> Any:
        if not trace.get_current_span().is_recording():
            return await cast(Any, super()).execute(raise_on_error)
        names = " ".join(str(command[0][0]) for command in cast(Any, self).command_stack)
        with _waiting("PIPELINE", {"db.system.name": "redis", "db.operation.name": names or "PIPELINE"}):
            return await cast(Any, super()).execute(raise_on_error)


@contextmanager
def _waiting(name: str, attributes: dict[str, str]) -> Generator[None]:
    with _tracer.start_as_current_span(
        name, kind=SpanKind.CLIENT, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except BaseException as error:
            _fail(span, error)
            raise


def _fail(span: Span, error: BaseException | None) -> None:
    span.set_attribute("error.type", type(error).__name__)
    span.set_status(StatusCode.ERROR)


def _query(statement: str) -> dict[str, str]:
    """The text has placeholders where the values go: none of them is in it."""
    return {"db.operation.name": _verb(statement), "db.query.text": statement[:_LONGEST_STATEMENT]}


def _verb(statement: str) -> str:
    return statement.split(None, 1)[0].upper() if statement.strip() else "SQL"


def _traceparent(span: Span) -> str:
    found = span.get_span_context()
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"


def _is_untraced(scope: Any) -> bool:
    return str(scope.get("path", "")).startswith(_UNTRACED)
