"""What was kept, beside what is: the lock file of a project compared with its code."""

from pathlib import Path

from fastapi_expert.codebase import Codebase
from fastapi_expert.contract.access.changes import AccessChange, compare
from fastapi_expert.contract.access.lock import NAME, LockError, loads, locked
from fastapi_expert.contract.access.rows import access


def since_lock(codebase: Codebase, lock: Path, name: str = NAME) -> list[AccessChange]:
    """What changed since ``lock`` was written, the worst first; ``name`` is what messages call it.

    Raises:
        LockError: there is no such file, or a line of it is not one that `expert access --lock` writes.
    """
    try:
        text = lock.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        raise LockError("nothing was kept to compare with", where=name, do="expert access --lock") from None
    return compare(loads(text, name), locked(access(codebase)))
