"""What the change does to who can reach what, where the project keeps an access lock file."""

from pathlib import Path

from fastapi_expert.codebase import Codebase
from fastapi_expert.config import Config
from fastapi_expert.contract.access.changes import LOOK, AccessChange
from fastapi_expert.contract.access.code_owners import code_owners
from fastapi_expert.contract.access.lock import NAME
from fastapi_expert.gate.model import Finding
from fastapi_expert.gate.tree.changes import Changes


def is_kept(root: Path) -> bool:
    """Whether the project at ``root`` has a lock file."""
    return (root / NAME).is_file()


def candidates(codebase: Codebase, changes: Changes, config: Config) -> list[AccessChange]:
    """What was opened, weakened or changed since the lock file was written; a lock that says so itself is the answer.

    Raises:
        LockError: a line of the lock file is none of ours.
    """
    from fastapi_expert.contract.access import since_lock

    return [one for one in since_lock(codebase, codebase.root / NAME) if one.kind in LOOK]


def findings(found: list[AccessChange], root: Path) -> list[Finding]:
    """Each as the gate tells it, with who must look."""
    return [_finding(one, code_owners(root, one.file)) for one in found]


def _finding(change: AccessChange, owners: tuple[str, ...]) -> Finding:
    line = change.line or 1
    who = f"; {' '.join(owners)} must look" if owners else ""
    do = f"If that is meant, `expert access --lock` says so in {NAME}{who}."
    return Finding("access", change.kind, change.file, line, line, f"{change.text}. {do}", text=change.text)
