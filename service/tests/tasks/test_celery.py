"""The whole way, each part in its own process: service, broker, Celery worker, mail server."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.backends import on_redis
from tests.live import LiveService, wait_until
from tests.tasks.smtp import MailServer
from tests.tasks.test_mails import NEW_USER


@on_redis
def test_a_mail_travels_from_the_service_over_broker_and_worker_to_the_mailbox(
    live_service: Callable[..., LiveService],
    start_worker: Callable[[dict[str, str], str], Any],
    redis_address: str,
    mail_server: MailServer,
) -> None:
    service = live_service(
        run_jobs=True,
        celery_broker_url=redis_address,
        smtp_host="127.0.0.1",
        smtp_port=mail_server.port,
        smtp_tls="none",
    )
    start_worker(service.environment, "one")
    answer = httpx2.post(f"{service.url}/api/v1/auth/register", json=NEW_USER, timeout=30)
    assert answer.status_code == 200
    wait_until(lambda: mail_server.messages)
    assert mail_server.messages[0]["To"] == "ann@example.com"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_without_a_broker_the_service_sends_by_itself(
    live_service: Callable[..., LiveService], mail_server: MailServer
) -> None:
    mail = {"smtp_host": "127.0.0.1", "smtp_port": mail_server.port, "smtp_tls": "none"}
    service = live_service(run_jobs=True, **mail)
    httpx2.post(f"{service.url}/api/v1/auth/register", json=NEW_USER, timeout=30).raise_for_status()
    wait_until(lambda: mail_server.messages)
