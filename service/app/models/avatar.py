"""Pictures that users have sent of themselves."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigInt
from app.models.stored_image import StoredImage


class Avatar(StoredImage, Base):
    """The one that ``users.avatar`` leads to, unless that is a picture elsewhere."""

    __tablename__ = "avatars"
    OWNER = "user_id"

    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id", ondelete="SET NULL"))
