"""What `app doctor` finds out: the state of every server behind the service, and of the service itself.

A state is "ok", "ok; " and something to know, "not configured", or what is wrong.
"""

import asyncio
import http.client
import re
import smtplib

from app.api.health import check_all
from app.config import Settings
from app.http.errors import ServiceError
from app.mail.mailer import SmtpMailer
from app.resources import Resources
from app.security.oidc.client import OidcClient
from app.server.commands import with_resources
from app.storage.store import make_store

_STRANGERS = re.compile(r"^forwarded_by_strangers_total [1-9]", re.MULTILINE)


def is_healthy(state: str) -> bool:
    return state.partition(";")[0] in {"ok", "not configured"}


async def probe(settings: Settings) -> dict[str, str]:
    """States by name: what readiness asks, and what it leaves alone (mail, sign-in providers, notes)."""

    async def examine(resources: Resources) -> dict[str, str]:
        states = dict(await check_all(resources))
        if states["database"] == "ok" and not await _folds_every_letter(resources):
            states["database"] = "ok; its locale knows the case of ASCII letters alone, so a search tells Ö from ö"
        states["uploads"] = await asyncio.to_thread(_uploads, settings)
        states["mail"] = await asyncio.to_thread(_mail, settings)
        states["service"] = await asyncio.to_thread(_service, settings)
        states |= {f"oidc {name}": await _provider(client) for name, client in resources.providers.items()}
        return states

    return await with_resources(settings, examine)


async def _folds_every_letter(resources: Resources) -> bool:
    ((folds,),) = await resources.database.reader.records("SELECT lower('Ö') = 'ö'", ())
    return bool(folds)


def _uploads(settings: Settings) -> str:
    try:
        make_store(settings).check()
    except (OSError, ServiceError) as fault:
        return f"cannot be used ({fault.__cause__ or fault})"
    return "ok"


def _mail(settings: Settings) -> str:
    if settings.smtp_host is None:
        return "not configured"
    try:
        SmtpMailer(settings).check()
    except smtplib.SMTPResponseException as fault:
        return f"refuses ({fault.smtp_code} {_text(fault.smtp_error)})"
    except (OSError, smtplib.SMTPException) as fault:
        return f"cannot be used ({fault or type(fault).__name__})"
    return "ok"


def _service(settings: Settings) -> str:
    """Whether it runs here, and what its metrics say of the proxies in front of it."""
    connection = http.client.HTTPConnection(settings.reachable_host.strip("[]"), settings.port, timeout=2)
    try:
        connection.request("GET", "/metrics")
        told = connection.getresponse().read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return "ok; it does not run at HOST and PORT now"
    finally:
        connection.close()
    if _STRANGERS.search(told):
        return "ok; X-Forwarded-For comes from peers that are not trusted: if they are your proxies, TRUSTED_PROXIES"
    return "ok"


async def _provider(client: OidcClient) -> str:
    try:
        await client.metadata()
    except ServiceError as fault:
        return f"cannot be used ({fault.__cause__ or fault})"
    return "ok"


def _text(error: bytes | str) -> str:
    return error.decode(errors="replace") if isinstance(error, bytes) else error
