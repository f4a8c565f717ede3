"""Mails, sent while something breaks: what is over in seconds, and what takes a minute or two to be outlived."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import redis

from bench.chaos.breaking import OUTAGE, kill_family, until, with_signal_to_family
from bench.chaos.outcome import Outcome
from bench.chaos.rig import Rig
from bench.chaos.work import Mails
from tests.conftest import SECRET_KEY
from tests.live import LiveService


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
        "import os, signal; from app.config import get_settings; from app.tasks.store import JobStore;"
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


SHORT: Sequence[Callable[[Rig], Outcome]] = (
    smtp_is_down,
    smtp_is_slow,
    smtp_greylists,
    the_broker_is_down,
    the_service_dies_before_it_enqueues,
    the_relay_dies_between_publish_and_commit,
)
LONG: Sequence[Callable[[Rig], Outcome]] = (a_celery_worker_is_killed_mid_job, the_broker_forgets)
"""Outlived in a minute or two."""
