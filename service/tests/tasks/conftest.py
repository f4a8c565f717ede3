from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.config import Settings
from app.mail.mailer import make_mailer
from app.tasks.registry import Registry
from app.tasks.runner import Runner
from app.tasks.store import JobStore
from tests.backends import Backend
from tests.conftest import settings_for
from tests.tasks.smtp import MailServer


@pytest.fixture
def settings(backend: Backend, tmp_path: Path, mail_server: MailServer) -> Settings:
    mail = {"smtp_host": "127.0.0.1", "smtp_port": mail_server.port, "smtp_tls": "none", "smtp_timeout": 1}
    return settings_for(backend, data_dir=tmp_path, public_url="https://blog.example.org", **mail)


@pytest.fixture
def store(settings: Settings) -> Iterator[JobStore]:
    opened = JobStore(settings)
    yield opened
    opened.close()


@pytest.fixture
def runner_of(settings: Settings, store: JobStore) -> Callable[[Registry], Runner]:
    return lambda registry: Runner(settings, store, make_mailer(settings), registry=registry)
