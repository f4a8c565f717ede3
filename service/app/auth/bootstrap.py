"""Before the first request: the schema is migrated, and there is an administrator.

To find that there is nothing to do takes little of the application, so the rest is imported where it is used.
"""

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select

from app.config import ConfigurationError
from app.database import migrations
from app.database.engine import Database
from app.database.query import CompiledQuery
from app.kit.background import end
from app.models import Role, User
from app.observability.logging import wants_json

if TYPE_CHECKING:
    from app.resources import Resources

log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0
PATIENCE = 5.0
"""Seconds that the first request may be kept waiting for a database that is down."""

_ANY_ADMIN = CompiledQuery(int, select(User.id).where(User.role == Role.ADMIN).limit(1))


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """An administrator made just now. `password` is None when the settings gave it: then it is known already."""

    email: str
    password: str | None

    def __str__(self) -> str:
        return f"first admin  {self.email}  password: {self.password or 'as FIRST_ADMIN_PASSWORD says'}"


async def is_prepared(database: Database) -> bool:
    """Whether there is nothing for :func:`prepare` to do. Closes ``database``; raises what the driver does."""
    try:
        return await migrations.head_reached(database) and await database.reader.first(_ANY_ADMIN) is not None
    finally:
        await database.close()


async def prepare(resources: "Resources") -> FirstAdmin | None:
    """Migrate if the settings say so, and make the first administrator if there is none.

    Raises what the driver raises when the database is down.
    """
    settings = resources.settings
    if settings.migrates_on_start and not await migrations.head_reached(resources.database):
        await asyncio.to_thread(migrations.upgrade, settings)
    if not await migrations.head_reached(resources.database):
        log.warning("startup.migrations_missing", hint="run: app migrate")
        return None
    return await make_first_admin(resources)


@contextlib.asynccontextmanager
async def prepared(resources: "Resources") -> AsyncGenerator[None]:
    """:func:`prepare` before the block; while the database is down, during the block, again and again.

    Readiness says so meanwhile. A first administrator made here is printed.
    """
    preparation = asyncio.create_task(_prepare_when_possible(resources), name="prepare")
    try:
        await asyncio.wait({preparation}, timeout=PATIENCE)
        if preparation.done():
            preparation.result()
        yield
    finally:
        await end(preparation)


async def _prepare_when_possible(resources: "Resources") -> None:
    from app.http.errors import is_outage

    while True:
        try:
            if (admin := await prepare(resources)) is not None:
                output = sys.stderr if wants_json(resources.settings) else sys.stdout
                print(admin, file=output, flush=True)  # for a person, once; a log would keep the password
            return
        except Exception as error:
            if not is_outage(error):
                log.exception("startup.preparation_failed")
                raise
            log.warning("startup.database_unavailable", error=type(error).__name__, retry_in_seconds=RETRY_SECONDS)
            await asyncio.sleep(RETRY_SECONDS)


async def make_first_admin(resources: "Resources") -> FirstAdmin | None:
    """Make the administrator of the settings if there is none at all; None when there is one.

    In the test environment only if FIRST_ADMIN_PASSWORD is set: tests begin with empty tables.
    """
    from app.auth import service as auth_service
    from app.http.errors import ServiceError

    settings = resources.settings
    given = settings.first_admin_password.get_secret_value() if settings.first_admin_password else None
    if settings.environment == "test" and given is None:
        return None
    if await resources.database.reader.first(_ANY_ADMIN) is not None:
        return None
    email = settings.first_admin_email
    password = given or make_up_password()
    try:
        if settings.is_production:
            await auth_service.refuse_weak_password(
                password, email=email, username=settings.first_admin_username, resources=resources
            )
    except ServiceError as refusal:
        raise ConfigurationError(f"FIRST_ADMIN_PASSWORD is weak: {refusal.errors[0].detail}") from None
    try:
        await create_admin(resources, email=email, username=settings.first_admin_username, password=password)
    except ServiceError as refusal:  # another worker was first, or an ordinary user has that address
        if await resources.database.reader.first(_ANY_ADMIN) is None:
            log.error("startup.no_first_admin", reason=refusal.detail, hint="run: app create-admin")
        return None
    return FirstAdmin(email, None if given else password)


async def create_admin(resources: "Resources", *, email: str, username: str, password: str) -> int:
    """Make a verified administrator and return its id. Raises BadRequest when e-mail or username is taken."""
    from app.auth import service as auth_service

    hashed = await resources.hasher.hash(password)
    async with resources.database.session() as session:
        profile = await auth_service.insert_user(
            session, email=email, username=username, hashed_password=hashed, role=Role.ADMIN, is_verified=True
        )
    return profile.id


def make_up_password() -> str:
    """A password no one guesses that keeps every rule for passwords."""
    return f"{secrets.token_urlsafe(15)}-aZ7!"
