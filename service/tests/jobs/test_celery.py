"""The whole way, each part in its own process: service, broker, Celery worker, mail server."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.backends import on_redis
from tests.jobs.smtp import MailServer
from tests.jobs.test_mails import NEW_USER
from tests.live import LiveService, wait_until


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Callable[[dict[str, str], str], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(environment: dict[str, str], name: str) -> subprocess.Popen[bytes]:
        log = (tmp_path / f"{name}.log").open("wb")
        command = [sys.executable, "-m", "app", "worker", "--concurrency", "1", "--name", name]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


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
    answer = httpx.post(f"{service.url}/api/v1/auth/register", json=NEW_USER, timeout=30)
    assert answer.status_code == 200
    wait_until(lambda: mail_server.messages)
    assert mail_server.messages[0]["To"] == "ann@example.com"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_without_a_broker_the_service_sends_by_itself(
    live_service: Callable[..., LiveService], mail_server: MailServer
) -> None:
    mail = {"smtp_host": "127.0.0.1", "smtp_port": mail_server.port, "smtp_tls": "none"}
    service = live_service(run_jobs=True, **mail)
    httpx.post(f"{service.url}/api/v1/auth/register", json=NEW_USER, timeout=30).raise_for_status()
    wait_until(lambda: mail_server.messages)
