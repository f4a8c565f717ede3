"""Alembic's chain of revisions, read from its files."""

import re
from hashlib import blake2b
from pathlib import Path

from fastapi_expert.errors import ExpertError


def next_revision(folder: Path, word: str) -> tuple[str, str]:
    """(revision, down_revision) of a migration of ``word`` after the newest in ``folder``: the next number, or a hash.

    Raises:
        ExpertError: the chain has more than one end.
    """
    revisions: dict[str, str] = {}
    for path in folder.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        found = re.search(r"^revision\s*(?::\s*str)?\s*=\s*[\"']([^\"']+)[\"']", text, re.MULTILINE)
        down = re.search(r"^down_revision\s*(?::[^=]+)?=\s*[\"']([^\"']+)[\"']", text, re.MULTILINE)
        if found:
            revisions[found.group(1)] = down.group(1) if down else ""
    heads = set(revisions) - set(revisions.values())
    if len(heads) != 1:
        raise ExpertError(f"the migrations have {len(heads)} heads", where=str(folder), do="Merge them first.")
    head = heads.pop()
    hashed = blake2b(f"{head}{word}".encode(), digest_size=6).hexdigest()
    return (f"{int(head) + 1:0{len(head)}d}" if head.isdigit() else hashed), head
