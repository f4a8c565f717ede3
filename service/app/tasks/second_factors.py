"""Periodic job: after SECRET_KEY has changed, secrets are encrypted again, so that the old key can go."""

from datetime import timedelta

import structlog
from sqlalchemy import select

from app.auth import second_factor
from app.models import SecondFactor
from app.security.encryption import DecryptionError
from app.security.tokens import key_id
from app.tasks.registry import Run, job

log = structlog.get_logger(__name__)

BATCH = 200


@job("second_factor.reseal", every=timedelta(hours=1), timeout=timedelta(minutes=5), max_attempts=3)
def reseal(run: Run) -> None:
    """Encrypt with the present key what an older one encrypted."""
    secrets = run.settings.signing_keys()
    older = select(SecondFactor).where(SecondFactor.sealed_by != key_id(secrets[0])).order_by(SecondFactor.user_id)
    last, lost = 0, 0
    while True:
        with run.reading() as session:
            some = older.where(SecondFactor.user_id > last).limit(BATCH).with_for_update()
            factors = session.scalars(some).all()
            for factor in factors:
                last = factor.user_id
                try:
                    secret = second_factor.open_secret(factor, secrets=secrets)
                except DecryptionError:
                    lost += 1
                else:
                    second_factor.set_secret(factor, secret, secrets=secrets)
        if len(factors) < BATCH:
            break
    if lost:
        log.error(
            "second_factor.unreadable", count=lost, remedy="put the key that encrypted them into PREVIOUS_SECRET_KEYS"
        )
