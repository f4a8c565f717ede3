"""Database addresses: what hosted providers hand out, in the words of each driver."""

import os
import ssl
from typing import Any

from sqlalchemy.engine import URL, make_url

_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_TRANSLATED = {"sslmode", "ssl", "sslrootcert", "application_name", "connect_timeout", "host", "channel_binding"}
"""libpq's parameters that mean the same to asyncpg once they are translated (:func:`asyncpg_arguments`)."""


def parse_database_url(value: str) -> URL:
    """An async SQLAlchemy URL for a `sqlite:` or `postgresql:` address, whatever driver it names.

    The parameters stay libpq's. Raises ValueError for a parameter that could not be kept with every driver.
    """
    try:
        url = make_url(value)
    except Exception:
        raise ValueError("is not a database URL; use sqlite:///path or postgresql://user:password@host/name") from None
    backend = "postgresql" if url.drivername == "postgres" else url.get_backend_name()
    if backend == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise ValueError("an in-memory SQLite is not supported: connections would not share it; name a file")
        return url.set(drivername="sqlite+aiosqlite")
    if backend != "postgresql":
        raise ValueError(f"{backend} is not a supported database; use SQLite or PostgreSQL")
    if "," in (url.host or ""):
        raise ValueError("the database URL names several hosts: name one, or a proxy before them")
    query = dict(url.query)
    if unknown := sorted(query.keys() - _TRANSLATED):
        accepted = ", ".join(sorted(_TRANSLATED - {"ssl"}))
        raise ValueError(f"the database URL's parameter {unknown[0]} is not supported; these are: {accepted}")
    if "ssl" in query:  # asyncpg's own name
        query["sslmode"] = query.pop("ssl")
    mode = query.get("sslmode", "prefer")
    if mode not in _SSL_MODES:
        raise ValueError(f"the database URL's sslmode is {mode!r}; it is one of {', '.join(_SSL_MODES)}")
    timeout = query.get("connect_timeout", "5")
    if not (isinstance(timeout, str) and timeout.isdigit()):
        raise ValueError(f"the database URL's connect_timeout is {timeout!r}; write whole seconds")
    certificate = str(query.get("sslrootcert", "system"))
    if certificate != "system" and not os.access(certificate, os.R_OK):
        raise ValueError(f"the database URL's sslrootcert {certificate} cannot be read")
    return url.set(drivername="postgresql+asyncpg", query=query)


def asyncpg_arguments(url: URL) -> dict[str, Any]:
    """The URL's parameters as keyword arguments of ``asyncpg.connect``."""
    query = dict(url.query)
    arguments: dict[str, Any] = {}
    if "host" in query:  # a unix socket's directory
        arguments["host"] = query["host"]
    if "application_name" in query:
        arguments["server_settings"] = {"application_name": query["application_name"]}
    if seconds := int(str(query.get("connect_timeout", "0"))):
        arguments["timeout"] = float(seconds)
    mode, certificate = str(query.get("sslmode", "")), query.get("sslrootcert")
    if certificate is not None and mode in {"require", "verify-ca", "verify-full"}:
        # libpq: with a root certificate, require checks as verify-ca does.
        context = ssl.create_default_context(cafile=None if certificate == "system" else str(certificate))
        context.check_hostname = mode == "verify-full" or certificate == "system"
        arguments["ssl"] = context
    elif mode:
        arguments["ssl"] = mode
    return arguments
