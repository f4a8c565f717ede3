"""Who gets a job, and what becomes of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from app.kit.clock import utcnow
from app.models import JobStatus, OutboxJob
from app.tasks.registry import Permanent, Registry, Run
from app.tasks.runner import Runner
from app.tasks.store import JobStore
from tests.backends import on_both_databases

pytestmark = on_both_databases


def written(store: JobStore, name: str = "test", **payload: object) -> UUID:
    job = OutboxJob(name=name, payload=payload)
    with store.session() as session:
        session.add(job)
    return job.id


def state(store: JobStore, id_: UUID) -> OutboxJob:
    with store.session() as session:
        return session.get_one(OutboxJob, id_)


def a_minute(_name: str) -> timedelta:
    return timedelta(minutes=1)


def test_of_many_workers_that_want_a_job_one_gets_it(store: JobStore) -> None:
    id_ = written(store)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: store.claim(id_, a_minute), range(8)))
    assert len([claim for claim in claims if claim is not None]) == 1


def test_a_job_whose_worker_died_is_due_again_when_its_time_is_over(store: JobStore) -> None:
    id_ = written(store)
    assert store.claim(id_, lambda _: timedelta(seconds=-1))
    assert store.due(10) == [id_]
    claim = store.claim(id_, a_minute)
    assert claim is not None
    assert claim.attempts == 2
    assert store.due(10) == []


def test_an_overtaken_attempt_leaves_no_effect(store: JobStore, runner_of: Callable[[Registry], Runner]) -> None:
    registry = Registry()

    @registry.job("slow", timeout=timedelta(seconds=-1))
    def slow(run: Run) -> None:
        assert store.claim(id_, a_minute), "its time is over, so another worker may take it"
        with run.finishing() as session:
            session.add(OutboxJob(name="effect", payload={}))

    id_ = written(store, "slow")
    runner_of(registry).run(id_)
    assert [job.name for job in store.listed(status=None, limit=10)] == ["slow"]
    assert state(store, id_).status == JobStatus.RUNNING


def test_a_failing_job_waits_longer_each_time_then_is_dead_and_kept(
    store: JobStore, runner_of: Callable[[Registry], Runner]
) -> None:
    registry = Registry()

    @registry.job("failing", max_attempts=3)
    def failing(run: Run) -> None:
        raise OSError("no route to host")

    runner = runner_of(registry)
    id_ = written(store, "failing")
    for attempt in (1, 2):
        assert runner.run(id_)
        job = state(store, id_)
        assert (job.status, job.attempts) == (JobStatus.PENDING, attempt)
        assert job.run_at > utcnow() + timedelta(seconds=3 * 2 ** (attempt - 1))
        assert not runner.run(id_), "it is not due yet"
        with store.session() as session:
            session.get_one(OutboxJob, id_).run_at = utcnow()
    assert runner.run(id_)
    assert state(store, id_).status == JobStatus.DEAD
    assert state(store, id_).last_error == "OSError: no route to host"
    assert store.backlog().dead == 1
    assert store.retry(None) == 1
    assert state(store, id_).attempts == 0


def test_what_has_failed_and_waits_for_another_try_is_backlog(
    store: JobStore, runner_of: Callable[[Registry], Runner]
) -> None:
    registry = Registry()

    @registry.job("unlucky")
    def unlucky(run: Run) -> None:
        raise OSError("no route to host")

    id_ = written(store, "unlucky")
    runner_of(registry).run(id_)
    assert state(store, id_).status == JobStatus.PENDING
    backlog = store.backlog()
    assert backlog.waiting == 1
    assert backlog.oldest_seconds >= 0
    assert store.due(10) == []


def test_a_permanent_failure_is_not_tried_again(store: JobStore, runner_of: Callable[[Registry], Runner]) -> None:
    registry = Registry()

    @registry.job("hopeless")
    def hopeless(run: Run) -> None:
        raise Permanent("no such mailbox")

    id_ = written(store, "hopeless")
    runner_of(registry).run(id_)
    assert (state(store, id_).status, state(store, id_).attempts) == (JobStatus.DEAD, 1)


def test_a_job_of_a_newer_version_is_kept_for_it(store: JobStore, runner_of: Callable[[Registry], Runner]) -> None:
    id_ = written(store, "from.the.future")
    runner_of(Registry()).run(id_)
    assert state(store, id_).status == JobStatus.PENDING


def test_a_done_job_is_not_run_again(store: JobStore, runner_of: Callable[[Registry], Runner]) -> None:
    registry, runs = Registry(), []

    @registry.job("once")
    def once(run: Run, *, number: int) -> None:
        runs.append(number)

    id_ = written(store, "once", number=7)
    assert runner_of(registry).run(id_)
    assert not runner_of(registry).run(id_)
    assert runs == [7]
    assert store.backlog().waiting == 0


def test_a_periodic_job_is_written_once_a_slot_by_any_number_of_schedulers(store: JobStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: store.schedule("upkeep", timedelta(days=365 * 100)), range(8)))
    assert len(store.listed(status=None, limit=10)) == 1


def test_jobs_that_the_broker_did_not_take_stay_due(store: JobStore) -> None:
    ids = {written(store) for _ in range(3)}

    def away(_id: UUID) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.hand_over(10, away)
    assert set(store.due(10)) == ids
    sent: list[UUID] = []
    assert store.hand_over(10, sent.append) == 3
    assert set(sent) == ids
    assert store.due(10) == []


def test_a_running_job_cannot_be_dropped(store: JobStore) -> None:
    waiting, running = written(store), written(store)
    assert store.claim(running, a_minute)
    assert store.drop(waiting)
    assert not store.drop(running)


def test_the_broker_is_never_given_more_than_it_can_forget_without_harm(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.tasks.store.MOST_SENT", 2)
    ids = [written(store) for _ in range(3)]
    sent: list[UUID] = []
    assert store.hand_over(10, sent.append) == 2
    assert store.hand_over(10, sent.append) == 0
    assert store.claim(sent[0], a_minute)
    assert store.hand_over(10, sent.append) == 1
    assert set(sent) == set(ids)
