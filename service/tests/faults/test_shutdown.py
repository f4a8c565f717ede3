"""Ending the service: what was accepted is answered, what was counted is written down."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import psutil
import pytest
from sqlalchemy import text

from app.config import Settings
from app.database.engine import Database
from tests.backends import Backend, on_both_databases, on_redis, on_sqlite
from tests.conftest import SECRET_KEY
from tests.factories import PASSWORD, Accounts
from tests.live import LiveService, wait_until


@pytest.fixture
async def database(settings: Settings):
    made = Database(settings)
    yield made
    await made.close()


@on_both_databases
async def test_views_are_flushed_when_the_service_ends(live_service: Callable[..., LiveService], database: Database):
    service = live_service()
    async with service.client() as client:
        accounts = Accounts(database, client)
        author = await accounts.user()
        post = await accounts.post(author)
        for _ in range(25):
            assert (await client.get(f"/api/v1/posts/{post.id}")).status_code == 200
    await asyncio.to_thread(service.stop)
    async with database.session() as session:
        counted = await session.execute(text("SELECT view_count FROM posts WHERE id = :id"), {"id": post.id})
        assert counted.scalar_one() == 25


@on_redis
@pytest.mark.parametrize("workers", [1, 2])
async def test_no_accepted_request_is_cut_by_a_shutdown(
    live_service: Callable[..., LiveService], database: Database, workers: int
):
    service = live_service(workers=workers, shutdown_grace_seconds=120)  # 24 hashes take a busy machine a while
    async with service.client() as client:
        user = await Accounts(database, client).row()
        form = {"username": user.email, "password": PASSWORD}
        logins = [asyncio.create_task(client.post("/api/v1/auth/login", data=form)) for _ in range(24)]
        done, _ = await asyncio.wait(logins, return_when=asyncio.FIRST_COMPLETED)
        assert done
        await asyncio.to_thread(service.stop)
        answers = await asyncio.gather(*logins, return_exceptions=True)
    # A connection that was refused was never accepted; one that broke after it was accepted is what must not happen.
    cut = [answer for answer in answers if isinstance(answer, (httpx2.ReadError, httpx2.RemoteProtocolError))]
    assert not cut
    assert all(answer.status_code == 200 for answer in answers if isinstance(answer, httpx2.Response))


@on_sqlite
def test_workers_end_with_the_process_that_started_them(live_service: Callable[..., LiveService]):
    service = live_service(workers=2)
    workers = workers_of(service)
    assert len(workers) == 2
    service.kill()
    wait_until(lambda: not any(worker.is_running() for worker in workers))
    assert not service.is_alive()


@on_sqlite
def test_a_service_that_is_told_to_stop_while_its_workers_start_stops_at_once(backend: Backend, tmp_path: Path):
    service = LiveService(backend, data_dir=tmp_path, workers=2, secret_key=SECRET_KEY, environment={})
    service.start(until=lambda: len(workers_of(service)) == 2)
    process = service.process
    assert process is not None
    process.terminate()
    process.wait()
    log = service.log()
    service.stop()
    assert "Killing worker" not in log  # what the server writes of one that outlives SHUTDOWN_GRACE_SECONDS


FORKED_AND_TOLD_AT_ONCE = """
import os, signal, time
from app.server.worker_process import end_when_told_early
signal.signal(signal.SIGTERM, lambda *_: None)  # as the server does before it forks
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))  # before the child's own handlers
end_when_told_early()
child = os.fork()
if not child:
    signal.alarm(30)  # a child that missed the signal ends, too
    time.sleep(60)
print(signal.Signals(os.WTERMSIG(os.waitpid(child, 0)[1])).name)
os.kill(os.getpid(), signal.SIGTERM)
print("the parent hears it")
"""


def test_a_worker_that_is_told_to_end_while_it_is_forked_ends():
    ran = subprocess.run([sys.executable, "-c", FORKED_AND_TOLD_AT_ONCE], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["SIGTERM", "the parent hears it"]


def workers_of(service: LiveService) -> list[psutil.Process]:
    assert service.process is not None
    return psutil.Process(service.process.pid).children()
