"""The relay of one process, put together from its settings."""

from app.core.config import Settings
from app.core.mail import make_mailer
from app.tasks.catalogue import registry
from app.tasks.relay import Relay
from app.tasks.runner import Observe, Runner
from app.tasks.store import JobStore


def make_relay(settings: Settings, *, observe: Observe | None = None) -> Relay:
    """A relay to the configured broker or, without one, to threads of this process. Nothing is connected yet."""
    store = JobStore(settings)
    runner = Runner(settings, store, make_mailer(settings), registry=registry, observe=observe)
    if settings.celery_broker_url is None:
        return Relay(store, runner, registry=registry)
    from app.tasks.celery import (  # half a second of imports that the embedded default never needs
        make_celery,
        publisher,
    )

    return Relay(store, runner, registry=registry, publish=publisher(make_celery(settings)))
