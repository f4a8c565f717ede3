"""What the command line asks of the application: looked after, with everything it has."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.auth import bootstrap, second_factor_enrolment
from app.auth import service as auth_service
from app.config import Settings
from app.http.errors import Conflict, NotFound
from app.main import build_resources
from app.resources import Resources
from app.schemas.auth import Registration

T = TypeVar("T")


async def add_admin(settings: Settings, *, email: str, username: str, password: str | None) -> str | None:
    """Make an administrator; return the password if it was made up here."""
    chosen = password or bootstrap.make_up_password()
    checked = Registration(email=email, username=username, password=chosen)

    async def add(resources: Resources) -> None:
        await auth_service.refuse_weak_password(
            checked.password, email=checked.email, username=checked.username, resources=resources
        )
        await bootstrap.create_admin(
            resources, email=checked.email, username=checked.username, password=checked.password
        )

    await with_resources(settings, add)
    return None if password else chosen


async def reset_second_factor(settings: Settings, identifier: str) -> None:
    """Take the second factor off an account. Raises NotFound, Conflict."""

    async def reset(resources: Resources) -> None:
        found = await auth_service.find_credentials(identifier, resources=resources)
        if found is None:
            raise NotFound(f"There is no account {identifier}.")
        async with resources.database.session() as session:
            if not await second_factor_enrolment.reset(session, found.id, resources=resources):
                raise Conflict(second_factor_enrolment.OFF)

    await with_resources(settings, reset)


async def with_resources(settings: Settings, work: Callable[[Resources], Awaitable[T]]) -> T:
    """What ``work`` returns for resources that are made and closed here."""
    resources = build_resources(settings)
    try:
        return await work(resources)
    finally:
        for provider in resources.providers.values():
            await provider.http.close()
        resources.hasher.close()
        if resources.redis is not None:
            await resources.redis.aclose()
        await resources.database.close()
