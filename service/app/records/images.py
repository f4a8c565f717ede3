"""Images that are sent: taken in, written down, and kept under the name that is written down."""

from collections.abc import Mapping
from typing import Any, BinaryIO

from app.http.errors import InvalidInput
from app.models import StoredImage
from app.resources import Resources
from app.storage.images import Images
from app.storage.pictures import NotAPicture, Picture

FIELD = "file"
"""What the part of a form is called that holds the image."""


async def take(source: BinaryIO, *, side: int, kind: str, resources: Resources) -> Picture:
    """The image that was sent, its longer side at most ``side`` pixels; close its content. Raises InvalidInput."""
    try:
        return await resources.get(Images).prepare(source, side=side)
    except NotAPicture as fault:
        resources.metrics.upload(kind, "refused")
        raise InvalidInput.for_field(FIELD, str(fault), code="image") from None


async def keep(row: StoredImage, picture: Picture, *, kind: str, resources: Resources) -> None:
    """Write ``row`` in a transaction of its own, then the file. Nothing is held meanwhile: a store may be slow.

    The row belongs to nothing yet; whoever calls gives it its owner. Raises OSError, Unavailable.
    """
    async with resources.database.session() as session:
        session.add(row)
    await resources.get(Images).keep(row.id, picture)
    resources.metrics.upload(kind, "kept")


def facts(picture: Picture) -> Mapping[str, Any]:
    """The columns that follow from the picture."""
    return {
        "media_type": picture.media_type,
        "byte_size": picture.byte_size,
        "width": picture.width,
        "height": picture.height,
    }
