"""What Sentry is told: which error, of which request, and nothing of people. Seen by a receiver of real envelopes."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
import structlog

from app.config import ConfigurationError, Settings
from app.observability.logging import configure_logging
from tests.backends import on_sqlite
from tests.live import LiveService, wait_until
from tests.observability.receiver import Receiver
from tests.tasks.smtp import MailServer
from tests.tasks.test_mails import NEW_USER

pytestmark = on_sqlite
PASSWORD = NEW_USER["password"]


def test_a_failed_request_and_a_dead_job_are_reported_with_their_ids_and_without_people(
    live_service: Callable[..., LiveService], receiver: Receiver, mail_server: MailServer, tmp_path: Path
) -> None:
    mail_server.replies = ["550 no such user"]
    dsn = f"http://public@127.0.0.1:{receiver.port}/1"
    mail = {"smtp_host": "127.0.0.1", "smtp_port": mail_server.port, "smtp_tls": "none"}
    service = live_service(sentry_dsn=dsn, run_jobs=True, **mail)
    registered = httpx2.post(
        f"{service.url}/api/v1/auth/register", json=NEW_USER, headers={"X-Request-ID": "cause"}, timeout=30
    )
    assert registered.status_code == 200
    wait_until(lambda: receiver.events)
    (dead,) = receiver.events
    assert dead["tags"]["job"] == "mail.verify_email"
    assert dead["tags"]["request_id"] == "cause"
    assert dead["exception"]["values"][-1]["value"] == "recipient refused with 550"

    with sqlite3.connect(tmp_path / "service.db") as connection:
        connection.execute("ALTER TABLE sessions RENAME TO gone")
    headers = {"X-Request-ID": "broken", "Cookie": "a=private-cookie"}
    form = {"username": NEW_USER["email"], "password": PASSWORD}
    assert httpx2.post(f"{service.url}/api/v1/auth/login", data=form, headers=headers, timeout=30).status_code >= 500
    token = registered.json()["access_token"]
    headers = {"X-Request-ID": "broken-too", "Authorization": f"Bearer {token}"}
    assert httpx2.get(f"{service.url}/api/v1/auth/sessions", headers=headers, timeout=30).status_code == 500
    wait_until(lambda: "broken-too" in {event["tags"].get("request_id") for event in receiver.events})
    for secret in (PASSWORD, NEW_USER["email"], NEW_USER["email"].lower(), token, "private-cookie"):
        assert secret not in receiver.text


def test_a_report_says_where_it_happened_and_repeats_no_secret(settings: Settings, receiver: Receiver) -> None:
    dsn = f"http://public@127.0.0.1:{receiver.port}/1"
    configure_logging(Settings.model_validate({**settings.model_dump(), "sentry_dsn": dsn}))
    try:
        raise RuntimeError(f"no mail to {NEW_USER['email']}")
    except RuntimeError:
        structlog.get_logger("test").exception("it failed", password=PASSWORD, user_id=7)
    finally:
        configure_logging(settings)
    wait_until(lambda: receiver.events)
    (event,) = receiver.events
    (error,) = event["exception"]["values"]
    assert error["type"] == "RuntimeError"
    assert error["value"] == "no mail to [redacted]"
    assert error["stacktrace"]["frames"][-1]["function"].startswith("test_a_report")
    assert event["user"] == {"id": "7"}
    assert event["environment"] == "test"
    for secret in (NEW_USER["email"], PASSWORD, "server_name"):
        assert secret not in receiver.text
    assert "vars" not in error["stacktrace"]["frames"][-1]


def test_a_dsn_that_is_none_is_refused_by_name(settings: Settings) -> None:
    wrong = Settings.model_validate({**settings.model_dump(), "sentry_dsn": "https://key@sentry.example/blog1"})
    with pytest.raises(ConfigurationError, match="SENTRY_DSN is not valid"):
        configure_logging(wrong)
