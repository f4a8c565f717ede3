"""What is done and said before the workers are started: the database is prepared, and told where to look.

Preparing takes most of the application, and mostly there is nothing to prepare. So it is looked at, and done, in
a process of its own, and what it imports ends with it: the one that is left only watches over the workers.
"""

import asyncio
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar, cast

import typer

from app.config import Settings
from app.observability.logging import wants_json

T = TypeVar("T")


def announce(settings: Settings) -> None:
    """Prepare the database and print where to look, and the first administrator, once."""
    settings.signing_keys()  # a key that may not be used is not an outage
    first_admin = in_child(_prepare, settings)
    address = f"http://{settings.reachable_host}:{settings.port}{settings.prefix}"
    lines = [f"{settings.project_name} {settings.version} ({settings.environment})", f"  address      {address}"]
    if settings.docs_enabled:
        lines.append(f"  docs         {address}/docs")
    if first_admin is not None:
        lines.append(f"  {first_admin}")
    typer.echo("\n".join(lines), err=wants_json(settings))  # standard output is for objects then


def _prepare(settings: Settings) -> str | None:
    """What there is to say of a first administrator who was made just now."""
    from app.auth import bootstrap
    from app.database.engine import Database

    try:
        if asyncio.run(bootstrap.is_prepared(Database(settings))):  # which fails for a folder that cannot be written to
            return None
        from app.server.commands import with_resources

        first_admin = asyncio.run(with_resources(settings, bootstrap.prepare))
    except Exception as error:
        from app.http.errors import is_outage

        if not is_outage(error):
            raise
        return None  # the workers try again until the database is there
    return None if first_admin is None else str(first_admin)


def in_child(function: Callable[..., T], *arguments: Any) -> T:
    """What ``function`` returns, or raises, in a process of its own, whose memory is given back."""
    here, there = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=_send_outcome, args=(there, function, arguments))
    child.start()
    there.close()
    try:
        returned, outcome = here.recv()
    except EOFError:
        raise ChildProcessError("the database was not prepared: the process that does it was killed") from None
    finally:
        child.join()
    if not returned:
        raise outcome
    return cast(T, outcome)


def _send_outcome(there: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        outcome = True, function(*arguments)
    except Exception as error:
        outcome = False, error
    there.send(outcome)
