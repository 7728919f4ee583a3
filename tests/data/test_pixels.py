"""Decoded images: the same pixels as decoding anew, decoded one time, and never half of one."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, v2

from tlcore.data.pixels import PixelStore
from tlcore.data.transforms import ImagePreprocessing, finish, resize
from tlcore.shelf import Shelf

LITE0 = ImagePreprocessing(
    input_size=224, resize=256, interpolation="bicubic", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)
)
RESNET = ImagePreprocessing(
    input_size=224, resize=232, interpolation="bilinear", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
)
SIZES = [(300, 300), (640, 480), (199, 301), (20, 16), (225, 900), (1000, 231)]


def photograph(size: tuple[int, int], seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("preprocessing", [LITE0, RESNET], ids=["lite0", "resnet"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_stored_pixels_become_what_the_weights_own_transform_makes(
    size: tuple[int, int], preprocessing: ImagePreprocessing
) -> None:
    image = photograph(size)
    reference = v2.Compose(
        [
            v2.Resize(preprocessing.resize, InterpolationMode(preprocessing.interpolation), antialias=True),
            v2.CenterCrop(preprocessing.input_size),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(preprocessing.mean, preprocessing.std),
        ]
    )(image)
    (ours,) = finish([resize(image, preprocessing)], preprocessing)
    in_pixels = (ours - reference).abs() * torch.tensor(preprocessing.std).view(3, 1, 1)
    assert in_pixels.max() < 1e-5 < 1 / 255


def test_a_very_long_image_costs_little_and_keeps_its_centre() -> None:
    image = photograph((6000, 60))
    kept = resize(image, LITE0)
    assert kept.nbytes < 256 * 256 * 3 * 9
    whole = finish([np.asarray(v2.functional.resize(image, [256], InterpolationMode.BICUBIC, antialias=True))], LITE0)
    assert (finish([kept], LITE0) - whole).abs().max() < 1e-5


class Source:
    """Images by row, counting how often each is decoded."""

    def __init__(self) -> None:
        self.decoded: list[int] = []

    def __call__(self, row: int) -> np.ndarray:
        self.decoded.append(row)
        return np.full((4 + row % 3, 5, 3), row, np.uint8)


def table(folder: Path, source: Source, n: int = 30):
    return PixelStore(Shelf(folder, limit=10**9)).table({"content": "c"}, n, source)


def test_each_image_is_decoded_once_in_any_order_and_from_any_table(tmp_path: Path) -> None:
    source = Source()
    draw = np.random.default_rng(0)
    for _ in range(3):
        one = table(tmp_path, source)
        rows = draw.permutation(30)
        for start in range(0, 30, 7):
            some = rows[start : start + 7]
            for row, pixels in zip(some, one.read(some), strict=True):
                assert pixels.shape == (4 + row % 3, 5, 3) and (pixels == row).all()
    assert sorted(source.decoded) == list(range(30))


def test_two_tables_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    tables = [table(tmp_path, Source()) for _ in range(4)]
    orders = [np.random.default_rng(i).permutation(30) for i in range(4)]
    threads = [
        threading.Thread(target=lambda t=t, o=o: [t.read(o[i : i + 3]) for i in range(0, 30, 3)])
        for t, o in zip(tables, orders, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for row, pixels in enumerate(table(tmp_path, Source()).read(np.arange(30))):
        assert (pixels == row).all()


def test_an_image_that_cannot_be_decoded_spoils_no_other(tmp_path: Path) -> None:
    source = Source()

    def failing(row: int) -> np.ndarray:
        if row == 3:
            raise OSError("gone")
        return source(row)

    with pytest.raises(OSError, match="gone"):
        table(tmp_path, failing).read(np.arange(6))
    assert all((pixels == row).all() for row, pixels in enumerate(table(tmp_path, source).read(np.arange(6))))


KILLED = """
import os, sys
import numpy as np
from pathlib import Path
from tlcore.data.pixels import PixelStore
from tlcore.shelf import Shelf

def decode(row):
    if row == 17:
        os.kill(os.getpid(), 9)
    return np.full((4, 5, 3), row, np.uint8)

table = PixelStore(Shelf(Path(sys.argv[1]), limit=10**9)).table({"content": "c"}, 30, decode)
for start in range(0, 30, 5):
    table.read(np.arange(start, start + 5))
"""


def test_a_killed_process_leaves_only_whole_images(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -9
    source = Source()
    source_pixels = table(tmp_path, source).read(np.arange(30))
    assert all((pixels == row).all() for row, pixels in enumerate(source_pixels))
    assert sorted(source.decoded) == list(range(15, 30))
