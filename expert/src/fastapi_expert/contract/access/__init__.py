"""Who can reach what: a row a route, kept in a lock file, and what a change opens, closes or weakens."""

from fastapi_expert.contract.access.changes import AccessChange, compare
from fastapi_expert.contract.access.kept import since_lock
from fastapi_expert.contract.access.lock import LockError, dumps, loads, locked
from fastapi_expert.contract.access.rows import AccessRow, access

__all__ = ["AccessChange", "AccessRow", "LockError", "access", "compare", "dumps", "loads", "locked", "since_lock"]
