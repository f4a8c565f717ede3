"""`app worker` and `app jobs …`; what they need is imported when they are called."""

import os
import shutil
import signal
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from app.tasks.store import JobStore

jobs = typer.Typer(no_args_is_help=True, help="Look after background jobs.")


def worker(
    concurrency: Annotated[int, typer.Option(min=1, help="Processes that run jobs.")] = 2,
    name: Annotated[str, typer.Option(help="Unique on this host.")] = "worker",
    metrics_port: Annotated[int | None, typer.Option(help="Serve Prometheus metrics on this port.")] = None,
) -> None:
    """Run background jobs: a Celery worker where CELERY_BROKER_URL is set, else threads; periodic jobs too."""
    from app.config import get_settings
    from app.observability import setup as observability
    from app.observability.logging import configure_logging
    from app.observability.metrics import share_between_processes
    from app.tasks.background import make_relay

    settings = get_settings()
    configure_logging(settings)
    directory = share_between_processes()
    registry = _serve_metrics(directory, metrics_port)
    relay = make_relay(settings, metrics=registry)
    relay.start()
    try:
        if settings.celery_broker_url is None:
            observability.start(settings)
            _wait_for_signal()
        else:
            from app.tasks.celery import make_celery
            from app.tasks.metrics import JobMetrics

            app: Any = make_celery(settings, observe=JobMetrics(_registry()).ended)
            options = [f"--concurrency={concurrency}", f"--hostname={name}@%h", f"--loglevel={settings.log_level}"]
            app.worker_main(["worker", "--without-gossip", "--without-mingle", *options])
    finally:
        relay.stop()
        observability.stop(settings)
        shutil.rmtree(directory, ignore_errors=True)


def _serve_metrics(directory: Path, port: int | None) -> "CollectorRegistry":
    """Serve what this process and its children wrote to `directory`; returns the registry for this process's own."""
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    if port is not None:
        added_up = CollectorRegistry()
        MultiProcessCollector(added_up, path=str(directory))
        start_http_server(port, registry=added_up)
    return _registry()


def _registry() -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry

    return CollectorRegistry()


def _wait_for_signal() -> None:
    typer.echo(f"working off the outbox in process {os.getpid()}; no CELERY_BROKER_URL is set")

    def wake(_number: int, _frame: FrameType | None) -> None: ...

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, wake)
    signal.pause()


@jobs.command("list")
def list_jobs(
    status: Annotated[
        str | None, typer.Option(help="Only jobs in this state: pending, sent, running, done, dead.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
) -> None:
    """List jobs, newest first."""
    from app.models.outbox import JobStatus

    if status is not None and status not in set(JobStatus):
        raise typer.BadParameter(f"a job is {', '.join(JobStatus)}; none is {status}")
    store = _store()
    backlog = store.backlog()
    for job in store.listed(status=None if status is None else JobStatus(status), limit=limit):
        line = f"{job.id}  {job.status.value:<8}{job.attempts:>3}  {_time(job.run_at)}  {job.name}"
        typer.echo(line + (f"  {job.last_error}" if job.last_error else ""))
    typer.echo(f"{backlog.waiting} waiting, the oldest for {backlog.oldest_seconds:.0f} s; {backlog.dead} dead")


@jobs.command("retry")
def retry_jobs(
    job_id: Annotated[UUID | None, typer.Argument(help="The job; omit with --all-dead.")] = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="Every dead job.")] = False,
) -> None:
    """Run a dead or waiting job again now, or every dead one."""
    if (job_id is None) == (not all_dead):
        raise typer.BadParameter("give one job's id, or --all-dead")
    count = _store().retry(job_id)
    typer.echo(f"{count} to run again")
    raise typer.Exit(0 if count or all_dead else 1)


@jobs.command("drop")
def drop_job(job_id: UUID) -> None:
    """Delete a dead or waiting job."""
    if not _store().drop(job_id):
        typer.echo("no such job, or it is running or done", err=True)
        raise typer.Exit(1)
    typer.echo("dropped")


@jobs.command("run")
def run_job(job_id: UUID) -> None:
    """Run one job in this process, now; for finding out why it fails."""
    from app.config import get_settings
    from app.mail.mailer import make_mailer
    from app.tasks.catalogue import registry
    from app.tasks.runner import Runner

    settings, store = get_settings(), _store()
    store.retry(job_id)
    if not Runner(settings, store, make_mailer(settings), registry=registry).run(job_id):
        typer.echo("no such job, or it is running or done", err=True)
        raise typer.Exit(1)


def _store() -> "JobStore":
    from app.config import get_settings
    from app.tasks.store import JobStore

    return JobStore(get_settings())


def _time(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S")
