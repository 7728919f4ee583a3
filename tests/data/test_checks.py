"""Checks of images: each finds what it is made for, leaves alone what only looks like it, and its fix works."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from tests.data.bringing import encoded, unpacked, zipped
from tlcore.data import Dataset, ingest
from tlcore.data.checks import Finding, Report, checks, examine, leaks, mend
from tlcore.data.checks.check import register
from tlcore.data.checks.likeness import near_pairs, united
from tlcore.data.revision import items_of, revise
from tlcore.errors import DataError

JPEG = {"kind": "JPEG", "quality": 90}


def photo(seed: int, size: int = 160) -> Image.Image:
    """Something with edges, surfaces, shade and noise, as photographs have; another one for each seed."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (size, size), tuple(rng.integers(60, 200, 3).tolist()))
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        x, y, w, h = rng.integers(0, size, 4).tolist()
        draw.rectangle((x, y, x + w // 2, y + h // 2), fill=tuple(rng.integers(0, 256, 3).tolist()))
    noise = rng.normal(0, 3, (size, size, 3)) + np.linspace(0, 30, size)[:, None, None]
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def night() -> Image.Image:
    """A dark sky, lamps, and the noise of a sensor: dark, but not too dark, and sharp."""
    rng = np.random.default_rng(7)
    pixels = np.linspace(2, 60, 160)[:, None, None] + rng.normal(0, 4, (160, 160, 3))
    for x, y in rng.integers(5, 150, (25, 2)):
        pixels[x : x + 5, y : y + 5] = 230
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def drawing(words: str = "Hello") -> Image.Image:
    """A little ink on white paper."""
    image = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(image).text((20, 70), words, fill="black", font_size=48)
    return image


def bleached(image: Image.Image) -> Image.Image:
    return image.point(lambda value: int(value * 0.05) + 243)


SPOILT = {
    "too_small": photo(900).resize((24, 24)),
    "aspect_ratio": photo(901).resize((400, 100)),
    "blank": Image.fromarray(np.random.default_rng(0).normal(128, 2, (160, 160, 3)).astype(np.uint8)),
    "dark": ImageEnhance.Brightness(photo(902)).enhance(0.12),
    "bright": bleached(photo(903)),
    "blurry": photo(904).filter(ImageFilter.GaussianBlur(8)),
}
SOUND = {"night": night(), "drawing": drawing(), "figures": drawing("1 + 1"), "grey": photo(905).convert("L")}


def dataset(folder: Path, home: Path, extra: dict[str, Image.Image], each: int = 12) -> Dataset:
    """Two classes of photographs, and some more images, which lie in cats unless their name says otherwise."""
    files = {f"{name}/{i}.jpg": photo(100 * n + i) for n, name in enumerate(("cats", "dogs")) for i in range(each)}
    more = {name if "/" in name else f"cats/{name}.jpg": image for name, image in extra.items()}
    return ingest(
        zipped(folder / "x.zip", {name: encoded(image, **JPEG) for name, image in (files | more).items()}), home
    )


def found(report: Report, check: str) -> Finding:
    (finding,) = (one for one in report.findings if one.check == check)
    return finding


def origins(data: Dataset, finding: Finding) -> set[str]:
    return set(data.manifest()["origin"].iloc[list(finding.rows)])


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Report]:
    """A dataset with one image for each check of single images, and with some that only look like it."""
    folder = tmp_path_factory.mktemp("spoilt")
    data = dataset(folder, folder / "home", SPOILT | SOUND)
    return data, examine(data, data.home)


@pytest.mark.parametrize("check", SPOILT)
def test_a_spoilt_image_is_found_and_nothing_else(check: str, spoilt: tuple[Dataset, Report]) -> None:
    data, report = spoilt
    finding = found(report, check)
    assert origins(data, finding) == {f"cats/{check}.jpg"}
    assert finding.level == "warning" and finding.n == 1
    made = mend(data, finding.fixes[0])
    assert made.n_samples == data.n_samples - 1 and made.parent == data.id
    assert f"cats/{check}.jpg" not in set(made.manifest()["origin"])
    assert check in examine(made, made.home).passed


def test_what_is_found_of_nothing_is_said_to_have_passed(spoilt: tuple[Dataset, Report]) -> None:
    _, report = spoilt
    every = {check.name for check in checks("image")}
    assert set(report.passed) | {finding.check for finding in report.findings} == every
    assert {"leakage", "near_duplicates", "conflicting_labels", "imbalance", "unreadable"} <= set(report.passed)
    assert [one.name for one in report.histograms] == ["brightness", "sharpness", "size"]
    assert all(sum(one.counts) <= 34 and len(one.edges) == len(one.counts) + 1 for one in report.histograms)


def test_a_report_survives_json(spoilt: tuple[Dataset, Report]) -> None:
    _, report = spoilt
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_one_can_keep_some_of_what_a_fix_would_leave_out(spoilt: tuple[Dataset, Report]) -> None:
    data, report = spoilt
    finding = found(report, "dark")
    with pytest.raises(DataError, match="Every sample is to be kept, so there is nothing to leave out"):
        mend(data, finding.fixes[0], spare=finding.rows)


def test_what_most_images_are_is_no_reason_to_leave_them_out(tmp_path: Path, home: Path) -> None:
    files = {f"{c}/{i}.png": encoded(drawing(f"{c} {i}").resize((16, 16))) for c in "ab" for i in range(9)}
    data = ingest(zipped(tmp_path / "x.zip", files), home)
    (finding,) = examine(data, home).findings
    assert (finding.check, finding.level, finding.n, finding.fixes) == ("too_small", "info", 18, ())


def test_each_sample_is_measured_once(tmp_path: Path, home: Path) -> None:
    first = dataset(tmp_path, home, {}, each=6)
    assert examine(first, home).n_measured == 12
    assert examine(first, home).n_measured == 0
    smaller = revise(first, items_of(first)[1:], change="Left out one.")
    assert examine(smaller, home).n_measured == 0
    more = dataset(tmp_path, home, {"new": photo(50)}, each=6)
    assert examine(more, home).n_measured == 1


def test_near_duplicates_in_one_split_keep_the_largest(tmp_path: Path, home: Path) -> None:
    twin, other = photo(500), photo(501)
    parts = {
        f"train/cats/{name}.jpg": image
        for name, image in {
            "twin": twin,
            "half": twin.resize((80, 80)),
            "lighter": ImageEnhance.Brightness(twin).enhance(1.1),
            "other": other,
        }.items()
    }
    parts |= {f"{split}/{c}/{s}{c}{i}.jpg": photo(600 + 50 * n + 20 * (c == "dogs") + i)
              for n, (split, s) in enumerate((("train", "a"), ("val", "b"), ("test", "c")))
              for c in ("cats", "dogs") for i in range(4)}  # fmt: skip
    data = ingest(zipped(tmp_path / "x.zip", {name: encoded(image, **JPEG) for name, image in parts.items()}), home)
    report = examine(data, home)
    finding = found(report, "near_duplicates")
    assert origins(data, finding) == {f"train/cats/{name}.jpg" for name in ("twin", "half", "lighter")}
    assert finding.n == 2 and len(finding.groups) == 1
    left = set(mend(data, finding.fixes[0]).manifest()["origin"])
    assert "train/cats/half.jpg" not in left and "train/cats/other.jpg" in left and len(left) == data.n_samples - 2
    assert not leaks(report)


def test_a_copy_in_another_split_is_a_leak(tmp_path: Path, home: Path) -> None:
    parts = {f"{split}/{c}/{c}{i}.jpg": photo(40 * n + 20 * (c == "dogs") + i)
             for n, split in enumerate(("train", "val", "test")) for c in ("cats", "dogs")
             for i in range(5)}  # fmt: skip
    files = {name: encoded(image, **JPEG) for name, image in parts.items()}
    files["test/cats/copy.jpg"] = encoded(parts["train/cats/cats0.jpg"].resize((120, 120)), "JPEG", quality=40)
    files["test/dogs/torn.jpg"] = encoded(parts["val/cats/cats1.jpg"], "JPEG", quality=40)
    files["train/dogs/twin.jpg"] = encoded(parts["train/dogs/dogs1.jpg"].resize((120, 120)), "JPEG", quality=40)
    data = ingest(unpacked(tmp_path / "x", files), home)
    report = examine(data, home)
    (leak,) = leaks(report)
    assert leak.level == "error" and leak.n == 2 and report.findings[0] == leak
    assert "1 of 12 test samples (8.3 %)" in leak.text
    made = mend(data, leak.fixes[0])
    kept = set(made.manifest()["origin"])
    assert "test/cats/copy.jpg" in kept and "train/cats/cats0.jpg" not in kept, "the copy in train goes"
    assert made.split is None and not leaks(examine(made, home))
    together = mend(data, leak.fixes[1])
    assert together.n_samples == data.n_samples and not leaks(examine(together, home))
    groups = together.manifest().set_index("origin")["group"]
    assert groups["train/dogs/twin.jpg"] == groups["train/dogs/dogs1.jpg"] != "", "the new split could part them"
    assert together.split is not None and together.split.grouped_by == "near-duplicates"
    torn = found(report, "conflicting_labels")
    assert origins(data, torn) == {"test/dogs/torn.jpg", "val/cats/cats1.jpg"}
    (dog,) = [row for row in torn.rows if data.manifest()["origin"][row].startswith("test")]
    decided = set(mend(data, torn.fixes[0], spare=[dog]).manifest()["origin"])
    assert "test/dogs/torn.jpg" in decided and "val/cats/cats1.jpg" not in decided


def test_what_was_left_out_on_the_way_in_is_a_part_of_the_report(tmp_path: Path, home: Path) -> None:
    same, torn = encoded(photo(1), **JPEG), encoded(photo(2), **JPEG)
    files = {f"{c}/{i}.jpg": encoded(photo(10 + 30 * n + i), **JPEG) for n, c in enumerate("ab") for i in range(8)}
    files |= {"a/same.jpg": same, "a/again.jpg": same, "a/torn.jpg": torn, "b/torn.jpg": torn}
    files |= {"a/broken.jpg": b"no image", "few/1.jpg": encoded(photo(3), **JPEG)}
    data = ingest(zipped(tmp_path / "x.zip", files), home)
    report = examine(data, home)
    assert found(report, "unreadable").places == ("a/broken.jpg",)
    assert found(report, "exact_duplicates").n == 1
    assert set(found(report, "contradictions").places) == {"a/torn.jpg", "b/torn.jpg"}
    assert found(report, "lost_classes").places == ("few (few/1.jpg)",)
    made = revise(data, items_of(data)[1:], change="Left out one.")
    assert found(examine(made, home), "unreadable").n == 1, "still known of what it was made from"


def test_all_pairs_within_so_many_bits_are_found() -> None:
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, 3000, dtype=np.uint64)
    hashes[2500] = hashes[3] ^ np.uint64(0b10110)
    hashes[2900] = hashes[2500] ^ np.uint64(1 << 40)
    pairs = near_pairs(hashes, 4)
    assert sorted(map(tuple, pairs.tolist())) == [(3, 2500), (3, 2900), (2500, 2900)]
    clusters = united(pairs, 3000)
    assert clusters[3] == clusters[2500] == clusters[2900] >= 0
    assert (clusters >= 0).sum() == 3


@pytest.mark.parametrize("modality", ["image", "text"])
def test_every_check_says_what_it_looks_for(modality: str) -> None:
    known = checks(modality)  # type: ignore[arg-type]
    assert len({check.title for check in known}) == len(known)
    assert all(check.summary.endswith(".") for check in known)
    with pytest.raises(ValueError, match="'leakage' is registered twice"):
        register("leakage", "Again", summary="Again.")(lambda evidence: ())
