from collections.abc import Iterator

import pytest

from tests.jobs.conftest import mail_server, start_worker
from tests.observing.receiver import Receiver

__all__ = ["mail_server", "receiver", "start_worker"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    server.start()
    yield server
    server.stop()
