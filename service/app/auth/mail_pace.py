"""How often an account is mailed a link, whoever asks for it.

A limit by client stops nobody who has many addresses, and anyone may ask for anyone's reset link: without a bound by
account a stranger fills a mailbox, and where each new link ends the one before, its owner never gets to use one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, select

from app.models import OneTimeToken, Purpose

REMEMBERED = timedelta(days=1)
FREE = 5
AFTERWARDS = timedelta(hours=1)
"""The first few mails of a day leave when they are asked for, later ones an hour apart: 28 a day at most, and nobody is
kept from a link for longer than an hour."""

KEPT_YOUNG = {Purpose.VERIFY_EMAIL: timedelta(0), Purpose.RESET_PASSWORD: timedelta(minutes=10)}
"""How long a link is not followed by another: who asks for a reset again has the first mail, or soon."""


def sent_lately(*, user_id: int, purpose: Purpose, now: datetime) -> Select[datetime]:
    """When this account was mailed links for this purpose within a day."""
    return select(OneTimeToken.created_at).where(
        OneTimeToken.user_id == user_id,
        OneTimeToken.purpose == purpose,
        OneTimeToken.created_at > now - REMEMBERED,
    )


def wait(sent: Sequence[datetime], *, purpose: Purpose, now: datetime) -> timedelta:
    """How long until the account may be mailed the next link; zero or less: now."""
    if not sent:
        return timedelta(0)
    pause = AFTERWARDS if len(sent) >= FREE else KEPT_YOUNG[purpose]
    return max(sent) + pause - now
