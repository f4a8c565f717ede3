"""Posts, written while something breaks."""

import signal
import time
from collections.abc import Callable, Sequence

import psutil
import redis

from bench.chaos.breaking import OUTAGE, frozen, until, with_signal
from bench.chaos.outcome import Outcome
from bench.chaos.rig import Rig
from bench.chaos.work import Writers
from tests.servers import Server


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


FAULTS: Sequence[Callable[[Rig], Outcome]] = (
    a_service_worker_is_killed,
    redis_is_killed,
    redis_is_flushed,
    redis_hangs,
    postgres_is_killed,
    postgres_hangs,
)
