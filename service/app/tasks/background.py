"""The relay of one process, put together from its settings."""

from prometheus_client import CollectorRegistry

from app.config import Settings
from app.mail.mailer import make_mailer
from app.tasks.catalogue import registry
from app.tasks.metrics import JobMetrics
from app.tasks.relay import Relay
from app.tasks.runner import Runner
from app.tasks.store import JobStore


def make_relay(settings: Settings, *, metrics: CollectorRegistry) -> Relay:
    """A relay to the configured broker or, without one, to threads of this process. Nothing is connected yet."""
    store, measured = JobStore(settings), JobMetrics(metrics)
    runner = Runner(settings, store, make_mailer(settings), registry=registry, observe=measured.ended)
    if settings.celery_broker_url is None:
        return Relay(store, runner, registry=registry, measure=measured.backlog)
    from app.tasks.celery import (  # half a second of imports that the embedded default never needs
        make_celery,
        publisher,
    )

    publish = publisher(make_celery(settings))
    return Relay(store, runner, registry=registry, publish=publish, measure=measured.backlog)
