"""What the tools share: bounded lists, places below a folder, and what is said before everything else."""

from collections.abc import Sequence

from fastapi_expert.codebase.model import Inventory
from fastapi_expert.codebase.reach import reach_note
from fastapi_expert.tool import Parameter


def limit_of(usual: int) -> Parameter:
    """How many rows are shown at most; ``usual`` is what a call without it gets."""
    return Parameter("limit", "integer", default=usual, minimum=1, maximum=1000)


def first(lines: Sequence[str], limit: int) -> list[str]:
    """The first ``limit`` lines, and how many are left out."""
    more = len(lines) - limit
    return [*lines[:limit], *([f"… and {more} more; ask with a higher limit or a filter"] if more > 0 else [])]


def is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def unserved(inventory: Inventory) -> list[str]:
    """What is not known to be served: said before everything else."""
    note = reach_note(inventory)
    return [f"not served as far as is seen: {note}"] if note else []
