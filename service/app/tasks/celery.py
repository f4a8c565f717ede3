"""The Celery application: one task, which runs one job of the outbox by its id.

Set for safety. Each setting protects from something:

- ``acks_late``, ``reject_on_worker_lost``: a message is gone only when its job ended, so a killed worker loses none.
- ``prefetch_multiplier=1``: a worker holds the message it works on and no other, so a slow job delays no other.
- ``visibility_timeout`` above the longest job: Redis hands a message to another worker only when the first is dead.
- ``ignore_result``: results are the outbox's business; no second store to grow.
- JSON only: a message cannot carry code.
- publish retries and timeouts: a broker that is away makes the relay wait, not hang.
"""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown

from app.config import Settings
from app.mail.mailer import make_mailer
from app.observability import setup as observability
from app.tasks.catalogue import registry
from app.tasks.runner import Observe, Runner
from app.tasks.store import JobStore

TASK = "app.run_job"
LONGEST_JOB_SECONDS = 600


def make_celery(settings: Settings, *, observe: Observe | None = None) -> Celery:
    """The application for `settings.celery_broker_url` (``redis://`` or ``amqp://``)."""
    app = Celery("publishing-service", broker=settings.celery_broker_url)
    conf = cast(Any, app).conf  # celery ships no types
    conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_default_queue="publishing-service",
        task_time_limit=LONGEST_JOB_SECONDS,
        task_publish_retry=False,  # the relay tries again by itself, and knows what it has not sent
        broker_transport_options=_transport_options(settings.celery_broker_url or ""),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        timezone="UTC",
    )
    _register(app, settings, observe)
    return app


def publisher(app: Celery) -> Callable[[UUID], None]:
    """A function that sends a job's id to the broker and raises when the broker does not take it."""
    send: Callable[..., object] = cast(Any, app).send_task

    def publish(job_id: UUID) -> None:
        send(TASK, args=[str(job_id)], task_id=str(job_id), ignore_result=True)

    return publish


def _transport_options(url: str) -> dict[str, Any]:
    if not url.startswith("redis"):
        return {"confirm_publish": True, "connect_timeout": 5}
    patience = {"socket_timeout": 10, "socket_connect_timeout": 5, "socket_keepalive": True}
    return {**patience, "visibility_timeout": 2 * LONGEST_JOB_SECONDS}


def _register(app: Celery, settings: Settings, observe: Observe | None) -> None:
    runners: list[Runner] = []

    def run_job(job_id: str) -> None:
        if not runners:
            observability.start(settings)
            store, mailer = JobStore(settings), make_mailer(settings)
            runners.append(Runner(settings, store, mailer, registry=registry, observe=observe))
        runners[0].run(UUID(job_id))

    def forget_parent(**_: Any) -> None:
        runners.clear()  # a connection must not be shared with the process that forked this one

    def stop_observing(**_: Any) -> None:
        observability.stop(settings)

    cast(Any, app).task(run_job, name=TASK, shared=False)  # the relay makes an application of its own
    cast(Any, worker_process_init).connect(forget_parent, weak=False)
    cast(Any, worker_process_shutdown).connect(stop_observing, weak=False)
