"""Points in time as people and models write them: ``7d``, ``2 weeks ago``, ``last month``, ``yesterday``, ISO 8601."""

import re
from datetime import UTC, date, datetime, timedelta

from fastapi_expert.notes.errors import NoteError

_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.0, "year": 365.0, "minute": 1 / 1440}
_SHORT = {"h": "hour", "d": "day", "w": "week", "m": "month", "mo": "month", "y": "year", "min": "minute"}
_AGO = re.compile(r"(?:(?:in )?the )?(?:last |past )?(?P<count>\d+|an?|one)?\s*(?P<unit>[a-z]+?)s?(?: ago)?")
_NAMED = {"now": 0.0, "today": 0.0, "yesterday": 1.0}


def since(text: str, *, now: datetime | None = None) -> datetime:
    """The moment from which ``text`` counts, in UTC; days are whole where the text names days.

    Raises:
        NoteError: when it is not a time that we know.
    """
    moment = now or datetime.now(UTC)
    phrase = " ".join(text.lower().split())
    if phrase in _NAMED:
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=_NAMED[phrase])
    with_date = _iso(text.strip())
    if with_date:
        return with_date
    found = _AGO.fullmatch(phrase)
    unit = _SHORT.get(found["unit"], found["unit"]) if found else ""
    if not found or unit not in _DAYS:
        raise NoteError(
            "INVALID_TIMEFRAME",
            f"{text!r} is not a time",
            do='write it like "7d", "2 weeks ago", "last month", "yesterday" or "2026-01-31"',
        )
    count = int(found["count"]) if (found["count"] or "").isdigit() else 1
    try:
        return moment - timedelta(days=_DAYS[unit] * count)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def moment(value: object) -> float | None:
    """A front matter time as seconds since the epoch; None when it is none."""
    if isinstance(value, datetime | date):
        value = value.isoformat()
    found = _iso(value.strip()) if isinstance(value, str) else None
    return found.timestamp() if found else None


def _iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
