"""Images on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.schemas.common import Timestamp


class ImageRead(BaseModel):
    """An image of a post."""

    id: UUID
    url: Annotated[str, Field(description="Where it is seen, by those who see the post.")]
    media_type: str
    byte_size: int
    width: Annotated[int, Field(description="Pixels.")]
    height: int
    created_at: Timestamp
