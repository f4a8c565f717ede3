"""What the ledger holds: one record for each contribution."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """One contribution. ``file`` is relative to the work tree, None for a declaration; ``blob`` is the hash of the
    file's bytes as the contributor left them; ``time`` is UTC in ISO 8601."""

    id: str
    name: str
    branch: str
    time: str
    file: str | None = None
    session: str | None = None
    tool: str | None = None
    blob: str | None = None
