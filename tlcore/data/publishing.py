"""A public dataset fetched, read by its library's loader, and stored like any other."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from tlcore.data.dataset import Dataset, list_datasets
from tlcore.data.fetching import fetch, reserved
from tlcore.data.ingestion import ingest_images
from tlcore.data.layout import Placed
from tlcore.data.limits import Limits
from tlcore.data.names import class_name, readable
from tlcore.data.problems import Findings, Rejected
from tlcore.data.public import PUBLIC, Pinned, PublicDataset, pinned, public_dataset
from tlcore.data.sources import Entry
from tlcore.data.splits import Split, SplitRatios
from tlcore.errors import DataError

__all__ = ["Tell", "add_public", "stored_public"]

Tell = Callable[[float, str], None]
"""Takes the share done, in [0, 1], and what is being done."""
FETCHING = 0.8
"""Share of the progress that the download has."""
FILES = ("_image_files", "_images", "_samples", "samples")
"""What torchvision's loaders call the places of their images."""
LABELS = ("targets", "labels", "_labels")


def add_public(name: str, home: Path, tell: Tell = lambda share, words: None, limits: Limits = Limits()) -> Dataset:
    """The dataset with its own splits, whatever it lacks of train, val and test taken from train; instant when there.

    Some loaders unpickle: they do so with files whose MD5 torchvision itself pins, and which were checked.

    Raises:
        DataError: there is none of this name, no network, a changed file, or too little disk.
    """
    record = public_dataset(name)
    if record is None:
        known = ", ".join(one.name for one in PUBLIC)
        raise DataError(f"There is no public dataset {readable(name)!r} here; there are {known}.")
    if (stored := stored_public(record, home)) is not None:
        return stored
    with reserved(home, f"public-{record.name}", record.title) as folder:
        files = pinned(record)
        _clear(folder, files)
        _fetched(record, files, folder, tell, limits)
        return _ingested(record, folder, home, tell, limits)


def stored_public(record: PublicDataset, home: Path) -> Dataset | None:
    """The dataset as it was published, if it is here."""
    ratios = SplitRatios() if None in record.splits else None
    source = f"public:{record.name}"
    return next(
        (one for one in list_datasets(home) if one.source == source and one.split == ratios and not one.parent), None
    )


def _clear(folder: Path, files: Sequence[Pinned]) -> None:
    """Remove what a killed process unpacked by halves, for the loaders take it for whole; downloads stay."""
    kept = {
        folder / "lock",
        *(folder / file.place for file in files),
        *(folder / f"{file.place}.part" for file in files),
    }
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path) if not any(one.is_relative_to(path) for one in kept) else None
        elif path not in kept:
            path.unlink()


def _fetched(record: PublicDataset, files: Sequence[Pinned], folder: Path, tell: Tell, limits: Limits) -> None:
    before = 0
    for number, file in enumerate(files, start=1):

        def told(done: int, total: int, number: int = number, before: int = before) -> None:
            known = max(record.n_bytes, before + total)
            of = f" of {known / 1e6:,.0f}" if known else ""
            share = min(1.0, (before + done) / known) if known else 0.0
            which = f", file {number} of {len(files)}" if len(files) > 1 else ""
            tell(FETCHING * share, f"fetched {(before + done) / 1e6:,.0f}{of} MB{which}")

        tell(FETCHING * min(1.0, before / record.n_bytes) if record.n_bytes else 0.0, "asking the server")
        fetch(file.urls, folder / file.place, told, md5=file.md5, limits=limits)
        before += (folder / file.place).stat().st_size


def _ingested(record: PublicDataset, folder: Path, home: Path, tell: Tell, limits: Limits) -> Dataset:
    tell(FETCHING, "unpacking")
    source = _Loaded(record, _opened(record, folder))

    def progress(done: int, total: int) -> None:
        tell(FETCHING + (1 - FETCHING) * done / max(1, total), f"checking {done:,} of {total:,} images")

    return ingest_images(
        source, home, record.title, SplitRatios(), limits, progress, record.note,
        folders=True, arranging=source.arranged,
    )  # fmt: skip


def _opened(record: PublicDataset, folder: Path) -> dict[Split | None, Any]:
    """The library's loader of each split, over the files that were fetched; it unpacks and checks them itself."""
    from torchvision import datasets

    loader = getattr(datasets, record.loader)
    try:
        return {
            split: loader(str(folder), download=True, **record.options, **how) for split, how in record.splits.items()
        }
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        reason = readable(str(error))[:200]
        raise DataError(f"{record.title} cannot be opened by torchvision ({reason}); fetch it again.") from error


class _Loaded:
    """What the loaders give, as files: originals where they keep those, else PNG."""

    def __init__(self, record: PublicDataset, loaders: Mapping[Split | None, Any]) -> None:
        self.name = f"public:{record.name}"
        self._loaders = loaders
        self._labels = {split: _labels(loader) for split, loader in loaders.items()}
        first = next(iter(loaders.values()))
        named = record.classes or tuple(getattr(first, "classes", ()))
        self._classes = [class_name(name if isinstance(name, str) else name[0]) for name in named]

    def entries(self, limits: Limits, findings: Findings) -> list[Entry]:
        """One for each image, by its split and number."""
        return [
            Entry(path=f"{split or 'all'}/{row:06d}", size=_size(loader, row), key=(split, row))
            for split, loader in self._loaders.items()
            for row in range(len(self._labels[split]))
        ]

    def arranged(self, entries: Sequence[Entry], findings: Findings) -> list[Placed]:
        """Each under the class that the loader says."""
        return [
            Placed(entry=entry, label=self._classes[self._labels[entry.key[0]][entry.key[1]]], split=entry.key[0])
            for entry in entries
        ]

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """The file's bytes; raises `Rejected` where it is larger."""
        split, row = entry.key
        path = _file(self._loaders[split], row)
        if path is None:
            file = BytesIO()
            self._loaders[split][row][0].save(file, "PNG")
            return file.getvalue()
        if path.stat().st_size > max_bytes:
            raise Rejected(f"larger than {max_bytes:,} bytes", "Nothing to do.")
        return path.read_bytes()


def _labels(loader: Any) -> list[int]:
    """Labels in [0, number of classes), one an image."""
    for name in LABELS:
        if hasattr(loader, name):
            return [int(label) for label in getattr(loader, name)]
    return [int(label) for _, label in loader._samples]


def _file(loader: Any, row: int) -> Path | None:
    found = next((getattr(loader, name) for name in FILES if hasattr(loader, name)), None)
    if found is None:
        return None
    return Path(found[row][0] if isinstance(found[row], tuple) else found[row])


def _size(loader: Any, row: int) -> int:
    path = _file(loader, row)
    return int(loader.data[row].nbytes) if path is None else path.stat().st_size
