"""Images to send: made here, each as its test wants it."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def encoded(kind: str = "PNG", *, size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: Any) -> bytes:
    """A picture that is red on its left half and blue on its right."""
    picture = Image.new(mode, size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def png_bomb(width: int, height: int) -> bytes:
    """A small file that says it has so many pixels, and has them: rows of nothing, which pack well."""
    rows = zlib.compressobj(9)
    packed = rows.compress(bytes(1 + width // 8) * height) + rows.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def image_form(content: bytes, *, name: str = "picture.png", media_type: str = "image/png") -> dict[str, Any]:
    """`files=` of a request that sends it."""
    return {"file": (name, content, media_type)}
