"""Which class, and which split, a file's folders say it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tlcore.data.columns import SPLIT_NAMES
from tlcore.data.names import class_name
from tlcore.data.problems import Findings
from tlcore.data.sources import Entry
from tlcore.data.splits import Split

__all__ = ["Placed", "arrange", "looks_like_image"]

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".avif"}
    | {".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm", ".heic", ".heif"}
)
"""What tells where the images lie; whether a file is one is decided by its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A file and what its folders say."""

    entry: Entry
    label: str
    """The class's name."""
    split: Split | None
    """None unless the user's own train/val/test folders are there."""
    group: str = ""
    """As in `Item`."""


def arrange(entries: Sequence[Entry], findings: Findings) -> list[Placed]:
    """Take off the folders around everything, recognise the user's own splits, read the class of each file."""
    paths = {entry.path: [part for part in entry.path.split("/") if part not in ("", ".")] for entry in entries}
    images = [parts for path, parts in paths.items() if looks_like_image(path)] or list(paths.values())
    around = _wrapping(images)
    own = _has_own_splits([parts[around:-1] for parts in images])
    placed: list[Placed] = []
    for entry in entries:
        folders = paths[entry.path][around:-1]
        split = SPLIT_NAMES.get(folders[0].lower()) if own and folders else None
        below = folders[1:] if own else folders
        label = class_name(below[0]) if below and (split or not own) else ""
        if label:
            placed.append(Placed(entry=entry, label=label, split=split))
        else:
            _outside(entry, own, findings)
    return placed


def looks_like_image(path: str) -> bool:
    """Whether a file's name is that of an image."""
    return PurePosixPath(path.lower()).suffix in IMAGE_SUFFIXES


def _wrapping(images: Sequence[list[str]]) -> int:
    """How many folders lie around everything. The last one that could be a class stays."""
    around = 0
    while True:
        here = {parts[around] for parts in images if len(parts) > around + 1}
        if len(here) != 1 or not any(len(parts) > around + 2 for parts in images):
            return around
        around += 1


def _has_own_splits(folders: Sequence[list[str]]) -> bool:
    """A test folder without classes counts too: its images have no label, which is said of each of them."""
    found = {SPLIT_NAMES.get(names[0].lower()) for names in folders if names}
    with_classes = {SPLIT_NAMES.get(names[0].lower()) for names in folders if len(names) > 1}
    return "train" in with_classes and bool(found & {"val", "test"})


def _outside(entry: Entry, own: bool, findings: Findings) -> None:
    if not looks_like_image(entry.path):
        findings.leave_out(entry.origin, "no image, and outside the class folders", "")
    elif own:
        findings.leave_out(
            entry.origin, "outside the class folders of train, val and test", "Move it into train/<class>/ or the like."
        )
    else:
        findings.leave_out(entry.origin, "outside any class folder", "Move it into the folder of its class.")
