"""One trace from a request to the job it caused, whoever runs the job; seen by a real OTLP receiver."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from app.config import ConfigurationError, Settings
from app.observability import telemetry
from tests.backends import on_redis, on_sqlite
from tests.live import LiveService, wait_until
from tests.observability.receiver import Receiver, Span
from tests.servers import status_of
from tests.tasks.smtp import MailServer
from tests.tasks.test_mails import NEW_USER

TRACE = "0af7651916cd43dd8448eb211c80319c"
HEADERS = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-ID": "the-request"}


def traced(receiver: Receiver, mail_server: MailServer) -> dict[str, object]:
    return {
        "otel_exporter_otlp_endpoint": f"http://127.0.0.1:{receiver.port}",
        "otel_bsp_schedule_delay": 100,
        "run_jobs": True,
        "smtp_host": "127.0.0.1",
        "smtp_port": mail_server.port,
        "smtp_tls": "none",
    }


def registered(service: LiveService, receiver: Receiver) -> tuple[Span, Span]:
    """Register somebody; the spans of the request and of the job that sent the mail."""
    url = f"{service.url}/api/v1/auth/register?source=a-private-matter"
    httpx2.post(url, json=NEW_USER, headers=HEADERS, timeout=30).raise_for_status()
    return named(receiver, "POST /api/v1/auth/register"), named(receiver, "job mail.verify_email")


def named(receiver: Receiver, name: str) -> Span:
    wait_until(lambda: [span for span in receiver.spans if span.name == name])
    (found,) = [span for span in receiver.spans if span.name == name]
    return found


def assert_one_trace(receiver: Receiver, request: Span, job: Span) -> None:
    assert request.trace == TRACE, "the caller's trace goes on"
    assert request.attributes["request_id"] == "the-request"
    inserts = [span for span in receiver.below(request) if span.name == "INSERT"]
    assert any("INSERT INTO outbox" in span.attributes["db.query.text"] for span in inserts)
    assert job.parent == request.id
    assert job.attributes["job.outcome"] == "done"
    assert "SELECT" in {span.name for span in receiver.below(job)}
    roots = {span.name for span in receiver.spans if span.trace != TRACE and not span.parent}
    assert all(name.startswith("job ") for name in roots), "polls and heartbeats are nobody's trace"
    for secret in (NEW_USER["email"], NEW_USER["email"].lower(), NEW_USER["password"], "a-private-matter"):
        assert secret not in receiver.text


@on_sqlite
def test_request_sql_and_job_in_process_are_one_trace(
    live_service: Callable[..., LiveService], receiver: Receiver, mail_server: MailServer
) -> None:
    service = live_service(**traced(receiver, mail_server))
    request, job = registered(service, receiver)
    assert_one_trace(receiver, request, job)


@on_redis
def test_request_sql_redis_and_job_in_celery_are_one_trace(
    live_service: Callable[..., LiveService],
    start_worker: Callable[[dict[str, str], str], Any],
    redis_address: str,
    receiver: Receiver,
    mail_server: MailServer,
) -> None:
    options = traced(receiver, mail_server)
    service = live_service(celery_broker_url=redis_address, rate_limit_requests=1000, **options)
    start_worker({**service.environment, "OTEL_SERVICE_NAME": "worker"}, "traced")
    request, job = registered(service, receiver)
    assert_one_trace(receiver, request, job)
    assert (request.service, job.service) == ("publishing-service", "worker")
    commands = [span for span in receiver.below(request) if span.attributes.get("db.system.name") == "redis"]
    assert "EVALSHA" in {span.name for span in commands}
    assert httpx2.get(f"{service.url}/api/v1/auth/oidc/providers", headers=HEADERS, timeout=30).status_code == 200
    assert httpx2.get(f"{service.url}/api/v1/auth/oidc/providers", headers=HEADERS, timeout=30).status_code == 200
    wait_until(lambda: len([span for span in receiver.spans if span.name == "GET /api/v1/auth/oidc/providers"]) == 2)


def test_nothing_is_imported_where_nothing_is_configured() -> None:
    program = (
        "import sys; from app.config import Settings; from app.main import create_app;"
        "create_app(Settings(_env_file=None));"
        "names = ['opentelemetry.exporter', 'sentry_sdk', 'app.observability.telemetry', 'app.observability.sentry',"
        "'redis', 'starlette_admin', 'celery'];"
        "print([name for name in names if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@on_sqlite
def test_a_missing_extra_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    wanted = settings.model_copy(update={"otel_exporter_otlp_endpoint": "http://127.0.0.1:4318"})
    with pytest.raises(ConfigurationError, match="install the `telemetry` extra"):
        telemetry.start(wanted)


@on_sqlite
def test_a_collector_that_is_away_slows_neither_answers_nor_the_end(live_service: Callable[..., LiveService]) -> None:
    service = live_service(otel_exporter_otlp_endpoint="http://127.0.0.1:9", otel_bsp_schedule_delay=100)
    for _ in range(20):
        assert status_of(f"{service.url}/api/v1/auth/oidc/providers") == 200
    assert service.process is not None
    service.process.terminate()
    service.process.wait(timeout=60)
    assert "refused to gracefully stop" not in service.log()  # as the server says of what it had to kill
