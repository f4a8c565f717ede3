"""What is taken of an image that somebody sent, and what is refused."""

import io

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from app.storage.pictures import MOST_PIXELS, NotAPicture, Picture, prepare
from tests.pictures import encoded, opened, png_bomb


def taken(content: bytes, *, side: int = 100) -> tuple[Picture, Image.Image]:
    picture = prepare(io.BytesIO(content), side=side)
    kept = picture.content.read()
    assert len(kept) == picture.byte_size
    return picture, opened(kept)


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/png")],
)
def test_a_picture_stays_of_its_kind_and_what_it_shows(kind: str, media_type: str):
    picture, kept = taken(encoded(kind))
    assert (picture.media_type, picture.width, picture.height) == (media_type, 40, 30)
    left, right = (kept.convert("RGB").getpixel((x, 15)) for x in (5, 35))
    assert left[0] > 200 > 60 > left[2]
    assert right[2] > 200 > 60 > right[0]


def test_a_photo_that_has_others_behind_it_is_one_photo():
    """As many telephones take them: a second lens, or a film, in the same JPEG (MPO)."""
    behind = Image.new("RGB", (40, 30), "green")
    picture, kept = taken(encoded("MPO", save_all=True, append_images=[behind]))
    assert (picture.media_type, kept.format) == ("image/jpeg", "JPEG")


def test_a_large_one_is_scaled_down_and_keeps_its_form():
    picture, _ = taken(encoded("JPEG", size=(3000, 1500)), side=512)
    assert (picture.width, picture.height) == (512, 256)


def test_nothing_but_its_pixels_is_kept():
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "taken at home")
    for content in (
        encoded("JPEG", exif=exif, comment=b"taken at home"),
        encoded("WEBP", exif=exif, xmp=b"taken at home"),
        encoded("PNG", pnginfo=text, exif=exif),
        encoded("PNG") + b"<script>taken at home</script>",
    ):
        assert b"taken at home" in content
        assert b"taken at home" not in prepare(io.BytesIO(content), side=100).content.read()


def test_a_photo_is_turned_as_its_camera_was_held():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by a quarter, clockwise
    picture, kept = taken(encoded("JPEG", exif=exif))
    assert (picture.width, picture.height) == (30, 40)
    top = kept.getpixel((15, 5))
    assert top[0] > 200


def test_what_is_transparent_stays_so():
    see_through = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    content = io.BytesIO()
    see_through.save(content, "PNG")
    _, kept = taken(content.getvalue())
    assert kept.getpixel((0, 0))[3] == 0
    palette = Image.new("P", (4, 4), 0)
    content = io.BytesIO()
    palette.save(content, "GIF", transparency=0)
    _, kept = taken(content.getvalue())
    assert kept.getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16"])
def test_every_way_of_writing_pixels_down_is_read(mode: str):
    grey = Image.new(mode, (4, 4), {"1": 1, "I;16": 65_535, "LA": (255, 255)}.get(mode, 255))
    content = io.BytesIO()
    grey.save(content, "PNG")
    _, kept = taken(content.getvalue())
    assert kept.convert("L").getpixel((0, 0)) in ({255} if mode != "P" else range(256))


def test_colours_of_another_space_are_those_of_the_web():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (lab, srgb, b"no profile at all"):
        _, kept = taken(encoded("PNG", icc_profile=profile))
        assert "icc_profile" not in kept.info
    _, kept = taken(encoded("PNG", icc_profile=srgb))
    assert kept.getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not an image"),
        (b"\x89PNG\r\n\x1a\n", "not an image"),
        (b"GIF89a<script>alert(1)</script>", "not an image|damaged"),
        (encoded("BMP"), "not an image"),
        (encoded("TIFF"), "not an image"),
        (encoded("PNG")[:-30], "damaged"),
        (encoded("JPEG")[:-200], "damaged"),
        (encoded("WEBP")[:60], "damaged|not an image"),
    ],
    ids=["empty", "svg", "head alone", "polyglot", "bmp", "tiff", "half a png", "half a jpeg", "half a webp"],
)
def test_what_is_not_a_whole_picture_of_a_known_kind_is_refused(content: bytes, why: str):
    with pytest.raises(NotAPicture, match=why):
        prepare(io.BytesIO(content), side=100)


def test_a_small_file_with_very_many_pixels_is_refused_before_it_is_decoded():
    for side in (5_000, 20_000):  # one that the library warns of, one that it refuses
        bomb = png_bomb(side, side)
        assert side * side > MOST_PIXELS
        assert len(bomb) < 100_000
        with pytest.raises(NotAPicture, match="million pixels"):
            prepare(io.BytesIO(bomb), side=100)
