"""Runs in the project's interpreter while something of it is tried: keeps it away from every database but ours.

As a plugin of pytest (`-p expert_guard`) it makes the tables, too, where tests expect a migrated database. It runs on
whatever Python the project has, so it is written for an old one.
"""

import importlib
import json
import os
import sys
from typing import Any

SETTINGS: Any = json.loads(os.environ.get("EXPERT_GUARD", "{}"))
# allowed: the folders whose SQLite files may be opened; postgres: {port, password, database} of the server to use
REFUSED = "expert: this is kept away from while an addition is tried: "


class KeptAway(RuntimeError):
    """A connection that an addition's proof must not make."""


def _audit(event: Any, arguments: Any) -> Any:
    if event == "sqlite3.connect":
        _require_own_file(arguments[0])
    elif event == "socket.connect":
        _require_own_address(arguments[1])


def _require_own_file(database: Any) -> Any:
    name = database.decode() if isinstance(database, bytes) else str(database)
    name = name.partition("?")[0]
    if name.startswith("file:"):
        name = name[len("file:") :]
    if name in ("", ":memory:") or name.startswith(":memory:"):
        return
    path = os.path.realpath(name)
    if not any(path.startswith(folder + os.sep) for folder in SETTINGS.get("allowed", [])):
        raise KeptAway(REFUSED + path)


def _require_own_address(address: Any) -> Any:
    if type(address) is not tuple:
        return  # a socket in the file system: of the event loop
    own: Any = SETTINGS.get("postgres", {})
    if address[1] != own.get("port") or address[0] not in ("127.0.0.1", "localhost"):
        raise KeptAway(REFUSED + f"{address[0]}:{address[1]}")


def _redirect(dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
    """Lead a connection to PostgreSQL to the server that was started for this; no other server is known."""
    if dialect.name == "sqlite":
        return
    own = SETTINGS.get("postgres")
    if dialect.name != "postgresql" or not own:
        raise KeptAway(REFUSED + f"a {dialect.name} server")
    database = "dbname" if dialect.driver.startswith("psycopg") else "database"
    kept = {name: options[name] for name in ("server_settings", "prepared_statement_cache_size") if name in options}
    for name in [name for name in options if name not in ("async_fallback", "async_creator_fn")]:
        del options[name]
    del arguments[:]
    options.update(kept)
    options.update({"host": "127.0.0.1", "port": own["port"], "user": "postgres", "password": own["password"]})
    options[database] = own["database"]
    return


def install() -> Any:
    """Keep this process to what is ours."""
    sys.addaudithook(_audit)
    try:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
    except ImportError:
        return
    event.listen(Engine, "do_connect", _redirect)


def pytest_collection_finish(session: Any) -> Any:
    """Make the tables of the project where its tests expect a database that is migrated."""
    module, table = SETTINGS.get("table_module"), SETTINGS.get("table")
    if not module or not SETTINGS.get("postgres"):
        return
    importlib.import_module("expert_probe").make_tables(module, table)


if SETTINGS:
    install()
