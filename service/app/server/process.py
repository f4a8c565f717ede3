"""The application as a process: its port, its workers, and what each of them serves."""

import atexit
import errno
import gc
import shutil
import socket
import time
from typing import TYPE_CHECKING

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from app.config import ConfigurationError, Settings, get_settings
from app.server.worker_process import end_when_told_early, end_with_the_parent

if TYPE_CHECKING:
    from fastapi import FastAPI

PORT_WAIT = 3.0
"""Seconds in which the workers of a killed service let go of its port."""


def run(settings: Settings) -> None:
    """Serve until told to stop. Requests under way are finished within SHUTDOWN_GRACE_SECONDS."""
    if settings.workers > 1:
        from app.observability.metrics import share_between_processes

        atexit.register(shutil.rmtree, share_between_processes(), ignore_errors=True)
    end_when_told_early()
    gc.freeze()  # a collection in a worker would write to each of these objects, and so to a copy of its own
    Granian(
        "app.server.process:application",
        factory=True,
        interface=Interfaces.ASGI,
        address=_found(settings)[1][0],  # the server takes no names
        port=settings.port,
        workers=settings.workers,
        websockets=False,
        http=HTTPModes.http1,
        # The server's one clock for a connection without a whole head on it: idle, or a head that drips.
        http1_settings=HTTP1Settings(header_read_timeout=settings.keep_alive_seconds * 1000),
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
    deadline = time.monotonic() + PORT_WAIT
    while True:
        try:
            family, address = _found(settings)
            socket.create_server(address, family=family).close()
            return
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                where = f"{settings.host}:{settings.port}"
                raise ConfigurationError(
                    f"cannot listen on {where}: {fault.strerror}; set HOST or PORT, or stop what listens there"
                ) from None
            time.sleep(0.2)


def _found(settings: Settings) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """Where HOST is: a name has one address, or several, of which the first is listened at. Raises OSError."""
    found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    return family, (str(address[0]), settings.port)


def application() -> "FastAPI":
    """What a worker serves. What exists by now lives as long as the process: the collector need not look at it again,
    which it otherwise does the oftener, the more requests are under way.
    """
    from app.main import create_app  # here: the process that watches over the workers needs none of it

    settings = get_settings()
    end_with_the_parent(grace=settings.shutdown_grace_seconds)
    made = create_app(settings)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # hundreds of requests under way are not garbage
    return made
