"""Pages: numbered while they are shallow, keyset cursors for any depth.

OFFSET reads every row it skips (500,000 rows: 1.1 s); a keyset page costs the same anywhere (0.1 ms). So numbered pages
end at :data:`MAX_DEPTH` rows, and every page carries the cursor of the next one.
"""

import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, Field

from app.http.errors import InvalidInput
from app.kit.ids import MAX_ID

MAX_DEPTH = 10_000
"""Rows that numbered pages reach, and where counting stops."""

MAX_PAGE_SIZE = 100

MAX_CURSOR_LENGTH = 1024

T = TypeVar("T")


class Order(StrEnum):
    ASC = "asc"
    DESC = "desc"


class Page(BaseModel, Generic[T]):
    """One page. With ``cursor`` nothing is counted: ``total``, ``page`` and ``total_pages`` are null."""

    items: list[T]
    total: int | None = Field(
        description=f"Rows in all; counting stops at {MAX_DEPTH:,}, and sooner where each row has to be searched."
    )
    page: int | None
    page_size: int
    total_pages: int | None
    has_next: bool
    has_prev: bool
    next_cursor: str | None = Field(description="Send it as `cursor` to get the next page; null on the last one.")


@dataclass(frozen=True, slots=True)
class Position:
    """A row's place in an order: the value it is sorted by, and its id, which settles ties."""

    value: Any
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which page is wanted; made by :func:`page_request`."""

    page: int
    page_size: int
    after: Position | None = None

    @property
    def offset(self) -> int:
        return 0 if self.after is not None else (self.page - 1) * self.page_size


def page_request(*, page: int, page_size: int, cursor: str | None, sort: str, kind: type) -> PageRequest:
    """Check what the client sent. ``sort`` names column and order, ``kind`` is the type of the column's values.

    An empty cursor is none. Raises :class:`InvalidInput` for a page that begins beyond :data:`MAX_DEPTH` and for a
    cursor that is not of this order.
    """
    if cursor:
        return PageRequest(page=page, page_size=page_size, after=decode_cursor(cursor, sort=sort, kind=kind))
    if (page - 1) * page_size >= MAX_DEPTH:
        raise InvalidInput.for_field(
            "page",
            f"Numbered pages end at row {MAX_DEPTH:,}. Go on with the next_cursor of an earlier page as `cursor`.",
            code="page_too_deep",
            location="query",
        )
    return PageRequest(page=page, page_size=page_size)


def encode_cursor(position: Position, *, sort: str) -> str:
    """An opaque token. It needs no signature: it moves the start of a page, never what the caller may see."""
    return urlsafe_b64encode(orjson.dumps([sort, position.value, position.id])).rstrip(b"=").decode()


def decode_cursor(cursor: str, *, sort: str, kind: type) -> Position:
    """The position in a cursor of the order ``sort``. Raises :class:`InvalidInput` for anything else."""
    try:
        made_for, value, row_id = orjson.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        if kind is datetime and value is not None:
            value = datetime.fromisoformat(value)
            if value.tzinfo is None:
                raise ValueError("no zone")
    except (ValueError, TypeError, UnicodeError, Base64Error):
        raise _bad_cursor("This is not a cursor: send next_cursor as it was given.") from None
    if made_for != sort:
        raise _bad_cursor("This cursor belongs to another sort_by or order: begin again without it.")
    valid_value = value is None or (type(value) is kind and _storable(value))
    if not valid_value or type(row_id) is not int or not 0 < row_id <= MAX_ID:
        raise _bad_cursor("This is not a cursor: send next_cursor as it was given.")
    return Position(value, row_id)


def _storable(value: object) -> bool:
    if isinstance(value, int):
        return abs(value) <= MAX_ID
    return not (isinstance(value, str) and "\x00" in value)


def _bad_cursor(detail: str) -> InvalidInput:
    return InvalidInput.for_field("cursor", detail, code="bad_cursor", location="query")


def page_of(
    rows: Sequence[Any], *, request: PageRequest, total: int | None, next_cursor: str | None, items: Sequence[Any]
) -> dict[str, Any]:
    """The wire form of a page, ready for JSON. ``rows`` may hold one row more than fits: it says that there is more."""
    has_next = len(rows) > request.page_size
    if request.after is not None:
        numbered: dict[str, Any] = {"total": None, "page": None, "total_pages": None, "has_prev": True}
    else:
        assert total is not None
        pages = math.ceil(total / request.page_size)
        numbered = {"total": total, "page": request.page, "total_pages": pages, "has_prev": request.page > 1}
    return {
        "items": items,
        "total": numbered["total"],
        "page": numbered["page"],
        "page_size": request.page_size,
        "total_pages": numbered["total_pages"],
        "has_next": has_next,
        "has_prev": numbered["has_prev"],
        "next_cursor": next_cursor if has_next else None,
    }


def known_total(rows: int, request: PageRequest) -> int | None:
    """The total, when the page itself tells: it is the last one. ``None`` if it takes counting."""
    if rows > request.page_size or (rows == 0 and request.page > 1):
        return None
    return request.offset + rows
