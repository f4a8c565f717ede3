"""Images of posts."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigInt
from app.models.stored_image import StoredImage


class PostImage(StoredImage, Base):
    """Seen by those who see its post."""

    __tablename__ = "post_images"
    OWNER = "post_id"

    post_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("posts.id", ondelete="SET NULL"))
    author_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    """The post's, whose images are counted."""
