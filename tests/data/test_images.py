"""Every kind of image file becomes the RGB picture a person would see."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.bringing import encoded, png
from tlcore.data import Limits, decode_image
from tlcore.errors import DataError

RED, WHITE = (255, 0, 0), (255, 255, 255)


def decoded(image: Image.Image, kind: str = "PNG", **options: object) -> Image.Image:
    made = decode_image(io.BytesIO(encoded(image, kind, **options)))
    assert made.mode == "RGB"
    return made


def test_rgb_comes_back_as_it_was() -> None:
    pixels = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    assert np.array_equal(np.asarray(decoded(Image.fromarray(pixels))), pixels)


def test_a_path_is_as_good_as_a_stream(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    assert decode_image(tmp_path / "a.png").size == (6, 6)


def test_transparency_is_laid_over_white() -> None:
    image = Image.new("RGBA", (3, 1), (255, 0, 0, 255))
    image.putpixel((1, 0), (0, 0, 0, 0))
    image.putpixel((2, 0), (255, 0, 0, 128))
    made = decoded(image)
    assert [made.getpixel((x, 0)) for x in range(3)] == [RED, WHITE, (255, 127, 127)]


def test_grey_with_alpha() -> None:
    image = Image.new("LA", (2, 1), (10, 255))
    image.putpixel((1, 0), (10, 0))
    made = decoded(image)
    assert [made.getpixel((x, 0)) for x in range(2)] == [(10, 10, 10), WHITE]


def test_palette_with_and_without_transparency() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    assert decoded(image).getpixel((1, 0)) == (0, 0, 255)
    made = decoded(image, transparency=1)
    assert [made.getpixel((x, 0)) for x in range(2)] == [RED, WHITE]


def test_a_transparent_colour_of_an_rgb_png() -> None:
    assert decoded(Image.new("RGB", (1, 1), RED), transparency=RED).getpixel((0, 0)) == WHITE


def test_one_bit() -> None:
    image = Image.new("1", (2, 1))
    image.putpixel((1, 0), 1)
    made = decoded(image)
    assert [made.getpixel((x, 0)) for x in range(2)] == [(0, 0, 0), WHITE]


def test_grey() -> None:
    assert decoded(Image.new("L", (1, 1), 77)).getpixel((0, 0)) == (77, 77, 77)


def test_cmyk() -> None:
    made = decoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=100)
    assert np.abs(np.asarray(made).astype(int) - RED).max() <= 3


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 32768, 65535], [0, 128, 255]), ([0, 2048, 4095], [0, 128, 255]), ([0, 100, 255], [0, 100, 255])],
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_by_the_bits_in_use(values: list[int], expected: list[int], kind: str) -> None:
    made = decoded(Image.fromarray(np.array([values], dtype=np.uint16)), kind)
    assert [made.getpixel((x, 0)) for x in range(3)] == [(value,) * 3 for value in expected]


@pytest.mark.parametrize(
    ("values", "expected"), [([0.0, 0.5, 1.0], [0, 128, 255]), ([-10.0, 0.0, 10.0], [0, 128, 255])]
)
def test_floating_point(values: list[float], expected: list[int]) -> None:
    made = decoded(Image.fromarray(np.array([values], dtype=np.float32)), "TIFF")
    assert [made.getpixel((x, 0))[0] for x in range(3)] == expected  # type: ignore[index]


def test_not_a_number_is_black() -> None:
    made = decoded(Image.fromarray(np.array([[np.nan, 1.0]], dtype=np.float32)), "TIFF")
    assert made.getpixel((0, 0)) == (0, 0, 0)


def test_thirty_two_bit_integers_from_least_to_greatest() -> None:
    made = decoded(Image.fromarray(np.array([[-100, 1_000_000]], dtype=np.int32)), "TIFF")
    assert [made.getpixel((x, 0))[0] for x in range(2)] == [0, 255]  # type: ignore[index]


CORNERS = ["abcd", "badc", "dcba", "cdab", "acbd", "cadb", "dbca", "bdac"]
"""Orientation 1 to 8: where the stored corners (top left, top right, bottom left, bottom right) go."""


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_exif_orientation(orientation: int, kind: str) -> None:
    image = Image.new("L", (64, 32))
    for value, corner in zip((0, 80, 160, 240), ((0, 0), (32, 0), (0, 16), (32, 16)), strict=True):
        image.paste(value, (*corner, corner[0] + 32, corner[1] + 16))
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = decoded(image, kind, exif=exif)
    width, height = made.size
    assert (width, height) == ((64, 32) if orientation < 5 else (32, 64))
    quarters = [(1, 1), (3, 1), (1, 3), (3, 3)]
    seen = [made.getpixel((x * width // 4, y * height // 4))[0] for x, y in quarters]  # type: ignore[index]
    assert "".join("abcd"[round(value / 80)] for value in seen) == CORNERS[orientation - 1]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_does_not_lose_the_picture() -> None:
    assert decoded(Image.new("RGB", (8, 8), RED), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff").size == (8, 8)


def test_the_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, (0, 255, 0), (0, 0, 255))]
    made = decoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert made.getpixel((0, 0)) == RED


@pytest.mark.parametrize("kind", ["BMP", "WEBP", "TIFF", "PPM", "JPEG2000"])
def test_other_formats(kind: str) -> None:
    assert decoded(Image.new("RGB", (8, 8), WHITE), kind).getpixel((4, 4)) == WHITE


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_cut_off(kind: str, share: float) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(pixels), kind)
    with pytest.raises(DataError, match=r"The image: (damaged or cut off|not an image that can be read)\."):
        decode_image(io.BytesIO(data[: int(len(data) * share)]))


@pytest.mark.parametrize("data", [b"", b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"<svg/>"])
def test_not_an_image(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.png"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"^odd\.png: not an image that can be read\. JPEG, PNG, WebP"):
        decode_image(path)


def test_more_pixels_than_allowed() -> None:
    with pytest.raises(DataError, match=r"more than 35 pixels\. Scale the image down\."):
        decode_image(io.BytesIO(png(size=6)), Limits(max_pixels=35))
    assert decode_image(io.BytesIO(png(size=6)), Limits(max_pixels=36)).size == (6, 6)


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = [b"IHDR" + header, b"IDAT" + zlib.compress(bytes(2**20)), b"IEND"]
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )
    with pytest.raises(DataError, match=r"more than 89,000,000 pixels"):
        decode_image(io.BytesIO(bomb))
