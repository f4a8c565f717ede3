"""How findings speak: places, counts, names and import lines, in one voice."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Located(Protocol):
    """Anything with a name and a place."""

    @property
    def path(self) -> str: ...
    @property
    def line(self) -> int: ...


def place(thing: Located) -> str:
    """`app/users.py:12`, which editors and terminals make clickable."""
    return f"{thing.path}:{thing.line}"


def listed(items: Sequence[str], *, limit: int = 3) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 more`."""
    if len(items) > limit + 1:
        return f"{', '.join(items[:limit])} and {len(items) - limit} more"
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def many(count: int, thing: str) -> str:
    """`1 field`, `3 fields`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def import_line(modules: Mapping[str, str], path: str, qualname: str, *, for_path: str) -> str:
    """` (from app.users import User)`, or nothing in the same file or when the module is not known."""
    module = modules.get(path)
    if not module or path == for_path:
        return ""
    return f" (`from {module} import {qualname.partition('.')[0]}`)"
