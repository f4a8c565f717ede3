"""Faults put into a real deployment under work: what was sent, what was lost, what came twice, how long it took.

`make chaos`. Everything runs on this machine and listens on 127.0.0.1; what is killed is killed by its process id. The
faults that take a minute or more to be outlived run beside the others, on a deployment of their own.
"""

import argparse
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import psutil
import redis

from bench.chaos_rig import Mails, Rig, Writers, frozen, kill_family, rig, until, with_signal
from bench.processes import machine
from tests.backends import Backend
from tests.conftest import SECRET_KEY
from tests.live import LiveService
from tests.servers import Redis, Server, free_port

OUTAGE = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """`recovered`: seconds from the end of the fault until the last refusal, or until the last mail was there."""

    fault: str
    sent: str
    lost: int
    doubled: int
    recovered: float
    remark: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.lost or self.doubled)


# -- posts, written while something breaks


def posts_while(fault: str, rig: Rig, broken: Callable[[], float]) -> Outcome:
    """Write before, during and after `broken`, which returns when the fault ended."""
    writers = Writers(rig)
    writers.start()
    time.sleep(1)
    ended = broken()
    until(rig.service.is_ready, within=30)
    time.sleep(1)
    writers.stop()
    lost, doubled = writers.lost_and_doubled()
    recovered = max((moment - ended for moment in writers.failures), default=0.0)
    remark = f"{len(writers.failures)} tries refused, the slowest answer took {writers.slowest:.1f} s"
    return Outcome(fault, f"{len(writers.acknowledged)} posts", lost, doubled, max(recovered, 0.0), remark)


def a_service_worker_is_killed(rig: Rig) -> Outcome:
    def broken() -> float:
        assert rig.service.process is not None
        victim = psutil.Process(rig.service.process.pid).children()[0]
        with_signal(victim.pid, signal.SIGKILL)
        return time.monotonic()

    return posts_while("kill -9 of one of two service workers", rig, broken)


def redis_is_killed(rig: Rig) -> Outcome:
    return posts_while(f"Redis (cache) killed, back after {OUTAGE:g} s", rig, lambda: _killed(rig.redis))


def redis_is_flushed(rig: Rig) -> Outcome:
    def broken() -> float:
        with redis.Redis.from_url(rig.redis.url()) as connection:
            connection.flushall()
        return time.monotonic()

    return posts_while("Redis (cache) flushed", rig, broken)


def redis_hangs(rig: Rig) -> Outcome:
    return posts_while(f"Redis (cache) hangs for {OUTAGE:g} s", rig, lambda: _hung(rig.redis))


def postgres_is_killed(rig: Rig) -> Outcome:
    return posts_while(f"PostgreSQL killed, back after {OUTAGE:g} s", rig, lambda: _killed(rig.postgres))


def postgres_hangs(rig: Rig) -> Outcome:
    return posts_while(f"PostgreSQL hangs for {OUTAGE:g} s", rig, lambda: _hung(rig.postgres))


def _killed(server: Server) -> float:
    server.kill()
    time.sleep(OUTAGE)
    server.start()
    return time.monotonic()


def _hung(server: Server) -> float:
    with frozen(server):
        time.sleep(OUTAGE)
    return time.monotonic()


# -- mails, sent while something breaks


def mails_after(fault: str, mails: Mails, ended: float, *, remark: str = "") -> Outcome:
    mails.wait()
    recovered = time.monotonic() - ended
    lost, doubled = mails.lost_and_doubled()
    if mails.copies():
        remark = f"{remark}; " * bool(remark) + f"{mails.copies()} left twice under one Message-ID"
    return Outcome(fault, f"{len(mails.wanted)} mails", lost, doubled, recovered, remark)


def the_service_dies_before_it_enqueues(rig: Rig) -> Outcome:
    """No relay runs while the jobs are written, so at the kill every one is committed and none is enqueued."""
    mails = Mails(rig, 50)
    for worker in rig.workers:
        worker.kill()
    rig.service.stop()
    assert rig.service.environment is not None
    rig.service = _started(rig, run_jobs=False)
    mails.ask()
    kill_family(rig.service)
    waiting = rig.unfinished()
    rig.service = _started(rig)
    for worker in rig.workers:
        worker.start()
    remark = f"{waiting} jobs were committed and not enqueued"
    return mails_after("kill -9 of the service between commit and enqueue", mails, time.monotonic(), remark=remark)


def the_relay_dies_between_publish_and_commit(rig: Rig) -> Outcome:
    mails = Mails(rig, 50)
    for worker in rig.workers:
        worker.kill()
    rig.service.stop()
    rig.service = _started(rig, run_jobs=False)
    mails.ask()
    assert rig.service.environment is not None
    program = (
        "import os, signal; from app.core.config import get_settings; from app.tasks.store import JobStore;"
        "from app.tasks.celery import make_celery, publisher\n"
        "sent, publish = [], publisher(make_celery(get_settings()))\n"
        "def dying(id_):\n"
        "    publish(id_); sent.append(id_)\n"
        "    if len(sent) == 20: os.kill(os.getpid(), signal.SIGKILL)\n"
        "JobStore(get_settings()).hand_over(50, dying)"
    )
    died = subprocess.run([sys.executable, "-c", program], env=dict(rig.service.environment), check=False)
    assert died.returncode == -signal.SIGKILL, died.returncode
    rig.service.stop()
    rig.service = _started(rig)
    for worker in rig.workers:
        worker.start()
    remark = "20 were published, none was marked sent"
    return mails_after("kill -9 of the relay between publish and commit", mails, time.monotonic(), remark=remark)


def smtp_is_down(rig: Rig) -> Outcome:
    mails = Mails(rig, 20)
    rig.mail.stop()
    mails.ask()
    time.sleep(OUTAGE)
    rig.mail.start()
    return mails_after(f"SMTP refuses connections for {OUTAGE:g} s", mails, time.monotonic())


def smtp_is_slow(rig: Rig) -> Outcome:
    mails = Mails(rig, 4)
    rig.mail.delay = 3.0  # longer than SMTP_TIMEOUT here: the worker hangs up, the server goes on and delivers
    mails.ask()
    time.sleep(OUTAGE)
    rig.mail.delay = 0.0
    return mails_after(f"SMTP slower than its timeout for {OUTAGE:g} s", mails, time.monotonic())


def smtp_greylists(rig: Rig) -> Outcome:
    mails = Mails(rig, 20)
    rig.mail.replies = ["451 try again later"] * 20
    mails.ask()
    until(lambda: not rig.mail.replies, within=30)
    return mails_after("SMTP greylists every first try", mails, time.monotonic())


def the_broker_is_down(rig: Rig) -> Outcome:
    mails = Mails(rig, 50)
    rig.broker.kill()
    mails.ask(pause=0.05)
    time.sleep(2 * OUTAGE)
    rig.broker.start()
    return mails_after(f"broker (Redis) killed with its queue, back after {2 * OUTAGE:g} s", mails, time.monotonic())


def _started(broken: Rig, **overrides: object) -> LiveService:
    """The service of this deployment again, on its port, with other settings."""
    former = broken.service
    again = LiveService(former.backend, data_dir=former.directory, workers=2, secret_key=SECRET_KEY, environment={})
    settings = {name.upper(): str(value) for name, value in overrides.items()}
    again.port = former.port
    again.environment = {**(former.environment or {}), "RUN_JOBS": "true", **settings}
    former.directory.mkdir(exist_ok=True)
    again.start()
    return again


# -- what takes a minute to be outlived


def a_celery_worker_is_killed_mid_job(rig: Rig) -> Outcome:
    mails = Mails(rig, 500)
    ended: list[float] = []

    def kill_one() -> None:
        until(lambda: len(mails.arrived()) > 50, within=60)
        rig.workers[0].kill()
        ended.append(time.monotonic())

    with ThreadPoolExecutor(1) as pool:
        killing = pool.submit(kill_one)
        mails.ask()
        killing.result()
    outcome = mails_after("kill -9 of one of two Celery workers, mid-job", mails, ended[0])
    rig.workers[0].start()
    return Outcome(
        outcome.fault, "1,000 jobs, 500 mails", outcome.lost, outcome.doubled, outcome.recovered, outcome.remark
    )


def the_broker_forgets(rig: Rig) -> Outcome:
    mails = Mails(rig, 100)
    for worker in rig.workers:
        with_signal_to_family(worker, signal.SIGSTOP)
    mails.ask()
    time.sleep(2)  # the relay has handed over what it may
    with redis.Redis.from_url(rig.broker.url()) as connection:
        connection.flushall()
    for worker in rig.workers:
        with_signal_to_family(worker, signal.SIGCONT)
    return mails_after("broker (Redis) flushed with every job in it", mails, time.monotonic())


def with_signal_to_family(server: Server, number: signal.Signals) -> None:
    assert server.process is not None
    main = psutil.Process(server.process.pid)
    for member in (main, *main.children(recursive=True)):
        with_signal(member.pid, number)


# -- RabbitMQ


class RabbitMQ(Server):
    """The Debian package's server, with a node and a port of its own."""

    def __init__(self) -> None:
        super().__init__("rabbitmq")
        self.other_ports = {"RABBITMQ_DIST_PORT": str(free_port()), "ERL_EPMD_PORT": str(free_port())}
        (self.directory / "enabled_plugins").write_text("[].")
        (self.directory / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nloopback_users = none\nlog.console = true\n"
        )
        self.environment = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/usr/lib/rabbitmq/bin",
            "HOME": str(self.directory),
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"chaos{self.port}@localhost",
            "RABBITMQ_CONFIG_FILE": str(self.directory / "rabbitmq.conf"),
            "RABBITMQ_MNESIA_BASE": str(self.directory / "data"),
            "RABBITMQ_LOG_BASE": str(self.directory / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(self.directory / "pid"),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            **self.other_ports,
        }

    @staticmethod
    def binary() -> str | None:
        places = ("/usr/lib/rabbitmq/bin/rabbitmq-server", shutil.which("rabbitmq-server"))
        return next((place for place in places if place and Path(place).exists()), None)

    def command(self) -> list[str]:
        binary = self.binary()
        assert binary is not None
        return [binary]

    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def is_ready(self) -> bool:
        return "Server startup complete" in self.log()[self._log_before :]

    def start(self, *, until: Callable[[], bool] | None = None) -> None:
        path = self.directory / "log"
        self._log_before = len(self.log()) if path.exists() else 0
        super().start(until=until)

    def kill(self) -> None:
        kill_family(self)


def rabbitmq_is_killed() -> Outcome:
    fault = f"RabbitMQ as broker: kill -9, back after {OUTAGE:g} s"
    if RabbitMQ.binary() is None:
        return Outcome(fault, "not run", 0, 0, 0.0, "rabbitmq-server is not installed")
    with rig(broker=RabbitMQ()) as made:
        mails = Mails(made, 100)
        mails.ask(pause=0.01)
        made.broker.kill()
        time.sleep(OUTAGE)
        made.broker.start()
        return mails_after(fault, mails, time.monotonic())


# -- a full disk


def the_disk_is_full() -> Outcome:
    """SQLite may not grow any more; the limit is one process's on the size of a file, so no disk has to be full."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as directory:
        path = Path(directory) / "service.db"
        backend = Backend(name="sqlite", database_url=f"sqlite:///{path}")
        service = LiveService(backend, data_dir=path.parent, workers=1, secret_key=SECRET_KEY, environment={})
        service.start()
        try:
            return _write_until_full(service, path)
        finally:
            kill_family(service)
            service.stop()


def _write_until_full(service: LiveService, path: Path) -> Outcome:
    client = httpx.Client(base_url=service.url, timeout=20)
    person = {"email": "ann@example.org", "username": "ann", "first_name": "Ann", "last_name": "Lee"}
    person["password"] = "Correct7!horse-battery@staple"
    token = client.post("/api/v1/auth/register", json=person).raise_for_status().json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert service.process is not None
    family = [service.process.pid, *(p.pid for p in psutil.Process(service.process.pid).children(recursive=True))]
    wal = path.with_name(path.name + "-wal")
    limit = max(path.stat().st_size, wal.stat().st_size) + 200_000
    kept: list[int] = []
    refused: set[int] = set()

    def write() -> None:
        body = {"title": "Until it is full", "content": "x" * 20_000, "status": "published"}
        answer = client.post("/api/v1/posts", json=body, headers=headers)
        if answer.status_code == 201:
            kept.append(answer.json()["id"])
        else:
            refused.add(answer.status_code)

    for pid in family:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    until(lambda: write() or refused, within=30)
    for _ in range(5):
        write()
    reads = client.get("/api/v1/posts").status_code
    for pid in family:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    ended, before = time.monotonic(), len(kept)
    until(lambda: write() or len(kept) > before, within=30)
    recovered = time.monotonic() - ended
    with sqlite3.connect(path) as connection:
        rows = [row[0] for row in connection.execute("SELECT id FROM posts")]
        intact = connection.execute("PRAGMA integrity_check").fetchone()[0]
    lost = len(set(kept) - set(rows)) + (intact != "ok")
    remark = f"writes answered {sorted(refused)} meanwhile, reads {reads}; integrity_check: {intact}"
    return Outcome("full disk (SQLite)", f"{len(kept)} posts", lost, len(rows) - len(set(rows)), recovered, remark)


# -- the table

SHORT: Sequence[Callable[[Rig], Outcome]] = (
    a_service_worker_is_killed,
    redis_is_killed,
    redis_is_flushed,
    redis_hangs,
    postgres_is_killed,
    postgres_hangs,
    smtp_is_down,
    smtp_is_slow,
    smtp_greylists,
    the_broker_is_down,
    the_service_dies_before_it_enqueues,
    the_relay_dies_between_publish_and_commit,
)
LONG: Sequence[Callable[[Rig], Outcome]] = (a_celery_worker_is_killed_mid_job, the_broker_forgets)
ALONE: Sequence[Callable[[], Outcome]] = (the_disk_is_full, rabbitmq_is_killed)


def main(arguments: list[str]) -> int:
    every = {fault.__name__: fault for fault in (*SHORT, *LONG, *ALONE)}
    parser = argparse.ArgumentParser("bench chaos", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"only these of: {', '.join(every)}")
    chosen = set(parser.parse_args(arguments).faults) or set(every)
    if unknown := chosen - set(every):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    started = time.monotonic()
    print("| fault | sent | lost | doubled | recovered after | |\n|---|---|---|---|---|---|")
    with ThreadPoolExecutor(2) as pool:
        long = pool.submit(_on_one_rig, [fault for fault in LONG if fault.__name__ in chosen], workers=2)
        outcomes = _on_one_rig([fault for fault in SHORT if fault.__name__ in chosen], workers=1)
        outcomes += [_tried(fault, name=fault.__name__) for fault in ALONE if fault.__name__ in chosen]
        outcomes += long.result()
    print(f"\n{machine()}; {time.monotonic() - started:.0f} s")
    return int(any(outcome.failed for outcome in outcomes))


def _on_one_rig(faults: Sequence[Callable[[Rig], Outcome]], *, workers: int) -> list[Outcome]:
    if not faults:
        return []
    with rig(broker=Redis(), workers=workers) as made:
        return [_tried(partial(fault, made), name=fault.__name__) for fault in faults]


def _tried(fault: Callable[[], Outcome], *, name: str) -> Outcome:
    """Its row is printed as soon as it is known; a fault that could not be put in counts as one that lost."""
    try:
        outcome = fault()
    except Exception as error:
        traceback.print_exc()
        outcome = Outcome(name, "?", 1, 0, 0.0, f"did not run: {error!r}"[:200])
    recovered = f"{outcome.recovered:.1f} s"
    cells = (outcome.fault, outcome.sent, outcome.lost, outcome.doubled, recovered, outcome.remark)
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return outcome
