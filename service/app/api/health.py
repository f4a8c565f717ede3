"""Is it there, is it able: for load balancers, orchestrators and people. No API version, no rate limit."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.api.dependencies import ResourcesDep
from app.database import migrations
from app.http.errors import Problem
from app.observability import metrics
from app.resources import Resources

router = APIRouter(tags=["health"])

CHECK_TIMEOUT = 2.0
CHECK_STEPS = 20
_BROKER_PORTS = {"amqp": 5672, "amqps": 5671, "redis": 6379, "rediss": 6379}


class Health(BaseModel):
    status: Literal["healthy"] = "healthy"
    service: str
    version: str
    environment: str


class Readiness(BaseModel):
    status: Literal["ready"] = "ready"
    checks: dict[str, str]
    """``ok``, or ``not configured`` for what this installation does without."""


class Liveness(BaseModel):
    status: Literal["alive"] = "alive"


@router.get("/health")
async def read_health(resources: ResourcesDep) -> Health:
    """What runs here. Asks nothing of anything else."""
    settings = resources.settings
    return Health(service=settings.project_name, version=settings.version, environment=settings.environment)


@router.get("/health/live")
async def read_liveness() -> Liveness:
    """The process serves requests. If this fails, restart it."""
    return Liveness()


@router.get("/health/ready", response_model=Readiness)
async def read_readiness(request: Request, resources: ResourcesDep) -> Readiness | Response:
    """Database, schema, Redis and broker: 200 when all of them answer, else a 503 that names what does not."""
    checks = await check_all(resources)
    down = [name for name, state in checks.items() if state not in {"ok", "not configured"}]
    if not down:
        return Readiness(checks=checks)
    detail = "Not ready: " + "; ".join(f"{name} {checks[name]}" for name in down) + "."
    return Problem(503, detail, "not-ready", {"Retry-After": "1"}, extensions={"checks": checks}).response(
        request.url.path
    )


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def read_metrics(resources: ResourcesDep) -> Response:
    """Prometheus metrics of all workers."""
    if resources.redis is not None:
        resources.metrics.redis_up.set(resources.cache.connected)
    resources.metrics.sample(resources.database, resources.cache)
    return Response(await asyncio.to_thread(resources.metrics.render), media_type=metrics.CONTENT_TYPE)


async def check_all(resources: Resources) -> dict[str, str]:
    """State of every backing service: ``ok``, ``not configured``, or what is wrong."""
    checks = {"database": _database, "migrations": _migrations, "redis": _redis, "broker": check_broker}
    states = await asyncio.gather(*(state_of(check, resources) for check in checks.values()))
    return dict(zip(checks, states, strict=True))


async def state_of(check: Callable[[Resources], Awaitable[str]], resources: Resources) -> str:
    asked = asyncio.ensure_future(check(resources))
    try:
        # In steps: a step that takes longer than it should is our own lack of CPU, which says nothing of the server.
        for _ in range(CHECK_STEPS):
            await asyncio.wait({asked}, timeout=CHECK_TIMEOUT / CHECK_STEPS)
            if asked.done():
                return asked.result()
        return f"does not answer within {CHECK_TIMEOUT:g} s"
    except Exception as error:  # whatever the driver raises: it is down. The message may hold an address or a password.
        return f"is down ({type(error).__name__})"
    finally:
        asked.cancel()


async def _database(resources: Resources) -> str:
    if resources.database.dialect == "sqlite":
        await resources.database.reader.records("SELECT 1", ())
        return "ok"
    ((read_only,),) = await resources.database.reader.records("SHOW transaction_read_only", ())
    return "is read-only" if read_only == "on" else "ok"  # as a standby is, and a server whose disk is full


async def _migrations(resources: Resources) -> str:
    return "ok" if await migrations.head_reached(resources.database) else "are not at head: run `app migrate`"


async def _redis(resources: Resources) -> str:
    if resources.redis is None:
        return "not configured"
    await resources.redis.ping()
    return "ok"


async def check_broker(resources: Resources) -> str:
    """One of the addresses has to answer: Celery goes on to the next."""
    url = resources.settings.celery_broker_url
    if url is None:
        return "not configured"
    *others, last = url.split(";")
    for address in others:
        with contextlib.suppress(OSError):
            return await _connected(address)
    return await _connected(last)


async def _connected(address: str) -> str:
    parts = urlsplit(address)
    if parts.hostname is None:
        _, writer = await asyncio.open_unix_connection(parts.path)
    else:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port or _BROKER_PORTS.get(parts.scheme, 5672))
    writer.close()
    return "ok"
