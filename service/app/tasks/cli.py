"""`app worker` and `app jobs …`."""

import os
import signal
from datetime import datetime
from types import FrameType
from typing import Annotated, Any, cast
from uuid import UUID

import typer

from app.core.config import get_settings
from app.core.logging import configure_logging
from app.core.mail import make_mailer
from app.models.outbox import JobStatus
from app.tasks.background import make_relay
from app.tasks.catalogue import registry
from app.tasks.runner import Runner
from app.tasks.store import JobStore

jobs = typer.Typer(no_args_is_help=True, help="Look after background jobs.")


def worker(
    concurrency: Annotated[int, typer.Option(min=1, help="Processes that run jobs.")] = 2,
    name: Annotated[str, typer.Option(help="Unique on this host.")] = "worker",
) -> None:
    """Run background jobs: a Celery worker where CELERY_BROKER_URL is set, else threads; periodic jobs too."""
    settings = get_settings()
    configure_logging(settings)
    relay = make_relay(settings)
    relay.start()
    try:
        if settings.celery_broker_url is None:
            _wait_for_signal()
        else:
            from app.tasks.celery import worker_app

            options = [f"--concurrency={concurrency}", f"--hostname={name}@%h", f"--loglevel={settings.log_level}"]
            cast(Any, worker_app()).worker_main(["worker", "--without-gossip", "--without-mingle", *options])
    finally:
        relay.stop()


def _wait_for_signal() -> None:
    typer.echo(f"working off the outbox in process {os.getpid()}; no CELERY_BROKER_URL is set")

    def wake(_number: int, _frame: FrameType | None) -> None: ...

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, wake)
    signal.pause()


@jobs.command("list")
def list_jobs(
    status: Annotated[JobStatus | None, typer.Option(help="Only jobs in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
) -> None:
    """List jobs, newest first."""
    store = JobStore(get_settings())
    backlog = store.backlog()
    for job in store.listed(status=status, limit=limit):
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
    count = JobStore(get_settings()).retry(job_id)
    typer.echo(f"{count} to run again")
    raise typer.Exit(0 if count or all_dead else 1)


@jobs.command("drop")
def drop_job(job_id: UUID) -> None:
    """Delete a dead or waiting job."""
    if not JobStore(get_settings()).drop(job_id):
        typer.echo("no such job, or it is running or done", err=True)
        raise typer.Exit(1)
    typer.echo("dropped")


@jobs.command("run")
def run_job(job_id: UUID) -> None:
    """Run one job in this process, now; for finding out why it fails."""
    settings = get_settings()
    store = JobStore(settings)
    store.retry(job_id)
    if not Runner(settings, store, make_mailer(settings), registry=registry).run(job_id):
        typer.echo("no such job, or it is running or done", err=True)
        raise typer.Exit(1)


def _time(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S")
