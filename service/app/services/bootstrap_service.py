"""What has to be true before the first request: the schema is there, and somebody can administer."""

import asyncio

import structlog

from app.core import migrations
from app.core.errors import is_outage
from app.core.resources import Resources

log = structlog.get_logger(__name__)


async def prepare(resources: Resources) -> None:
    """Migrate if the settings say so. A database that is down now is not fatal: readiness says so until it is back."""
    settings = resources.settings
    try:
        if settings.migrates_on_start and not await migrations.head_reached(resources.database):
            await asyncio.to_thread(migrations.upgrade, settings)
    except Exception as error:
        if not is_outage(error):
            raise
        log.warning("startup.database_unavailable", error=type(error).__name__)
