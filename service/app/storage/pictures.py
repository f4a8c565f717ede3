"""What is taken of an image that somebody sent: its pixels, written anew.

The kind is read from the content, whatever the sender calls it. What is kept was decoded and encoded here: no metadata
(where a photo was taken), no second file behind the first, nothing that a browser could take for a page.
"""

import io
import tempfile
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MOST_PIXELS = 20_000_000
"""Width times height: more than a phone takes. Decoded, a pixel fills four bytes."""
TOO_LARGE = f"This image has more than {MOST_PIXELS // 1_000_000} million pixels: send a smaller one."
SPOOLED = 1_048_576
"""Bytes of a file that are kept in memory before it goes to the disk."""

READ: Final = ("PNG", "JPEG", "WEBP", "GIF")
_WRITTEN = {
    "PNG": ("PNG", "image/png"),
    "JPEG": ("JPEG", "image/jpeg"),
    "MPO": ("JPEG", "image/jpeg"),  # a JPEG with others behind it, as telephones with two lenses take them
    "WEBP": ("WEBP", "image/webp"),
}
_OTHERWISE = _WRITTEN["PNG"]  # the first picture of a GIF
_OPTIONS: dict[str, dict[str, object]] = {
    "PNG": {"optimize": False},
    "JPEG": {"quality": 85, "optimize": True, "progressive": True},
    "WEBP": {"quality": 85, "method": 4},
}
_RESIZED = {"RGB", "RGBA", "L", "LA", "CMYK"}
MEDIA_TYPES = tuple(sorted({media_type for _, media_type in _WRITTEN.values()}))
"""Of what is kept, and so of what is served."""
ACCEPTED = ", ".join([*MEDIA_TYPES, "image/gif"])


class NotAPicture(ValueError):
    """The file cannot be used; the message says why, for the one who sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """`content` stands at its beginning; who has the picture closes it."""

    content: BinaryIO
    media_type: str
    byte_size: int
    width: int
    height: int


def prepare(source: BinaryIO, *, side: int) -> Picture:
    """The image in `source`, its longer side at most `side` pixels. Takes tens of milliseconds of one core.

    Raises NotAPicture.
    """
    try:
        picture = _decoded(source, side=side)
    except (NotAPicture, MemoryError):
        raise
    except UnidentifiedImageError:
        raise NotAPicture("This is not an image: send PNG, JPEG, WebP or GIF.") from None
    except Image.DecompressionBombError:
        raise NotAPicture(TOO_LARGE) from None
    except Exception as fault:  # a damaged file fails in whatever way the decoder of its format happens to
        raise NotAPicture("This image is damaged and cannot be read to its end.") from fault
    return _written(picture)


def _decoded(source: BinaryIO, *, side: int) -> Image.Image:
    picture: Image.Image = Image.open(source, formats=READ)  # reads the head alone
    if picture.width * picture.height > MOST_PIXELS:
        raise NotAPicture(TOO_LARGE)
    kind = picture.format
    if picture.mode.startswith("I"):  # 16 bits a pixel, of which a plain conversion keeps the lower eight
        picture = cast(Any, picture).point(_high_byte).convert("L")
    if picture.mode not in _RESIZED:
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.thumbnail((side, side))  # before anything makes a copy; a JPEG is decoded at a fraction of its size
    picture = _in_srgb(ImageOps.exif_transpose(picture))
    picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.info.clear()
    picture.format = kind
    return picture


def _high_byte(value: Any) -> Any:
    return value * (1 / 256)


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Photos of phones have a wider space of colours; without their profile they would look pale."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "RGBA"):
        return picture
    try:
        converted = ImageCms.profileToProfile(
            picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), cast(Any, ImageCms).createProfile("sRGB")
        )
    except (ImageCms.PyCMSError, OSError):
        return picture
    return converted or picture


def _written(picture: Image.Image) -> Picture:
    kind, media_type = _WRITTEN.get(picture.format or "", _OTHERWISE)
    content = cast(BinaryIO, tempfile.SpooledTemporaryFile(SPOOLED))  # noqa: SIM115  # its reader closes it
    picture.save(content, kind, **_OPTIONS[kind])
    size = content.seek(0, io.SEEK_END)
    content.seek(0)
    return Picture(content=content, media_type=media_type, byte_size=size, width=picture.width, height=picture.height)
