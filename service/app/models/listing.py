"""The orders in which posts are listed, and the indexes that serve them.

A list is one walk along one index for each status in it, from its start or a cursor until the page is full: so it
costs the same however many posts there are. ``published_at`` ends every index: the index alone tells what is due.
"""

from typing import Any

from sqlalchemy import Index, literal_column, text

from app.models.base import UtcDateTime

# Before every publication: gives posts never published a place in that order, the same one on both databases. The text
# has to be the index's to the letter, or the index does not serve.
NEVER = "'0001-01-01 00:00:00+00'"


def publication_order(table: str) -> Any:
    """When rows of ``table`` are or will be published, to sort and compare by."""
    return literal_column(f"coalesce({table}.published_at, {NEVER})", UtcDateTime)


def listing_indexes(name: str, *leading: str, row: str = "id") -> list[Index]:
    """Indexes ``{name}_{order}`` for rows with equal ``leading`` columns and status."""
    never = text(f"coalesce(published_at, {NEVER})")
    orders: dict[str, tuple[Any, ...]] = {
        "id": (row,),
        "title": ("title", row),
        "created_at": ("created_at", row),
        "updated_at": ("updated_at", row),
        "published_at": (never, row),
        "view_count": ("view_count", row),
    }
    return [Index(f"{name}_{order}", *leading, "status", *keys, "published_at") for order, keys in orders.items()]
