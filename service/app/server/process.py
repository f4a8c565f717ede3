"""The application as a process: started, announced, examined."""

import asyncio
import atexit
import errno
import gc
import shutil
import socket
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer
from fastapi import FastAPI
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels

from app.api.health import check_all
from app.auth import bootstrap, second_factor_enrolment
from app.auth import service as auth_service
from app.config import ConfigurationError, Settings, get_settings
from app.http.errors import Conflict, NotFound, ServiceError, is_outage
from app.main import build_resources, create_app
from app.observability.logging import wants_json
from app.observability.metrics import share_between_processes
from app.resources import Resources
from app.schemas.auth import Registration
from app.server.worker_process import end_when_told_early, end_with_the_parent

T = TypeVar("T")

PATIENCE = 3.0
"""Seconds in which the workers of a killed service let go of its port."""


def run(settings: Settings) -> None:
    """Serve until told to stop. Requests under way are finished within SHUTDOWN_GRACE_SECONDS."""
    if settings.workers > 1:
        atexit.register(shutil.rmtree, share_between_processes(), ignore_errors=True)
    end_when_told_early()
    Granian(
        "app.server.process:application",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        websockets=False,
        http=HTTPModes.http1,
        loop=Loops.uvloop,
        log_level=LogLevels.warning,  # the edge middleware writes the access log
        workers_kill_timeout=settings.shutdown_grace_seconds,
        respawn_failed_workers=True,
    ).serve()


def require_free(settings: Settings) -> None:
    """Raise ConfigurationError if nothing can listen at HOST and PORT, before anything is done there.

    Without it a second service would share the port with one that was forgotten, and each get half of the requests.
    What a killed one leaves listening for a moment is waited for.
    """
    patience = time.monotonic() + PATIENCE
    while True:
        try:
            found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            family, _, _, _, address = found[0]
            socket.create_server(address, family=family).close()
            return
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE or time.monotonic() > patience:
                where = f"{settings.host}:{settings.port}"
                raise ConfigurationError(
                    f"cannot listen on {where}: {fault.strerror}; set HOST or PORT, or stop what listens there"
                ) from None
            time.sleep(0.2)


def application() -> FastAPI:
    """What a worker serves. What exists by now lives as long as the process: the collector need not look at it again,
    which it otherwise does the oftener, the more requests are under way.
    """
    settings = get_settings()
    end_with_the_parent(grace=settings.shutdown_grace_seconds)
    made = create_app(settings)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # hundreds of requests under way are no garbage either
    return made


def announce(settings: Settings) -> None:
    """Prepare the database and print where to look, and the first administrator, once."""
    try:
        first_admin = asyncio.run(_with_resources(settings, bootstrap.prepare))
    except Exception as error:
        if not is_outage(error):
            raise
        first_admin = None  # the workers try again until the database is there
    address = f"http://{_reachable(settings.host)}:{settings.port}"
    lines = [f"{settings.project_name} {settings.version} ({settings.environment})", f"  address      {address}"]
    if settings.docs_enabled:
        lines.append(f"  docs         {address}/docs")
    if first_admin is not None:
        lines.append(f"  {first_admin}")
    typer.echo("\n".join(lines), err=wants_json(settings))  # standard output is for objects then


async def probe(settings: Settings) -> dict[str, str]:
    """The state of every backing service, as readiness sees it, and of the sign-in providers, which it leaves alone."""

    async def check(resources: Resources) -> dict[str, str]:
        states = dict(await check_all(resources))
        for name, provider in resources.providers.items():
            try:
                await provider.metadata()
                states[f"oidc {name}"] = "ok"
            except ServiceError as fault:
                states[f"oidc {name}"] = f"cannot be used ({fault.__cause__ or fault})"
        return states

    return await _with_resources(settings, check)


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

    await _with_resources(settings, add)
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

    await _with_resources(settings, reset)


async def _with_resources(settings: Settings, work: Callable[[Resources], Awaitable[T]]) -> T:
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


def _reachable(host: str) -> str:
    """What to type into a browser on this machine for a server that listens on `host`."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104  # compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
