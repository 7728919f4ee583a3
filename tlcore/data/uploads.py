"""Files on their way in, and what a source may be called."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from tlcore.data.columns import Columns
from tlcore.data.dataset import ID, Dataset, load_dataset
from tlcore.data.hub import add_hub
from tlcore.data.ingestion import ingest
from tlcore.data.limits import Limits
from tlcore.data.names import file_name, readable
from tlcore.data.publishing import add_public
from tlcore.data.resplitting import resplit
from tlcore.data.samples import add_sample
from tlcore.data.splits import SplitRatios
from tlcore.data.storage import check_space, sweep
from tlcore.errors import DataError

__all__ = ["receive", "receive_all", "resolve"]

CHUNK = 2**20
"""Bytes in memory at a time."""


def receive(stream: BinaryIO, name: str, home: Path, limits: Limits = Limits()) -> Path:
    """Copy an upload to a folder of its own below `home / "incoming"`, from its start, a mebibyte at a time.

    The file is called as the upload, made safe. It is the caller's to delete; what is forgotten goes after two days.

    Raises:
        DataError: larger than the limits or than the free disk.
    """
    incoming = home / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    sweep(incoming)
    if stream.seekable():
        _check_size(stream.seek(0, 2), name, home, limits)
        stream.seek(0)
    folder = Path(tempfile.mkdtemp(prefix="upload-", dir=incoming))
    try:
        return _copy(stream, folder / file_name(name), home, limits)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def receive_all(
    files: Sequence[tuple[str, BinaryIO]], home: Path, limits: Limits = Limits()
) -> tuple[Path, tuple[Path, ...]]:
    """Copy several uploads, or a dropped folder whose names are paths, below one folder; returns it, and what is in it.

    The folder is the caller's to delete.

    Raises:
        DataError: more or larger than the limits, or larger than the free disk.
    """
    if len(files) > limits.max_files:
        raise DataError(f"{len(files):,} files were brought, {limits.max_files:,} are allowed at once; divide them.")
    incoming = home / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    sweep(incoming)
    folder, n_bytes = Path(tempfile.mkdtemp(prefix="upload-", dir=incoming)), 0
    try:
        for name, stream in files:
            n_bytes += stream.seek(0, 2)
            _check_size(n_bytes, name, home, limits)
            stream.seek(0)
            _copy(stream, _place(folder, name), home, limits)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder, tuple(sorted(folder.iterdir()))


def _place(folder: Path, name: str) -> Path:
    """Where an upload of this name lies: the parts of its path made safe, and no other file there."""
    parts = [part for part in re.split(r"[\\/]", name) if part not in ("", ".", "..")] or ["upload"]
    path = folder.joinpath(*map(file_name, parts))
    path.parent.mkdir(parents=True, exist_ok=True)
    place = 2
    while path.exists():
        path = path.with_name(f"{place}-{file_name(parts[-1])}")
        place += 1
    return path


def resolve(
    source: str,
    home: Path,
    *,
    name: str | None = None,
    split: SplitRatios | None = None,
    columns: Columns | None = None,
    limits: Limits = Limits(),
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """`sample:NAME`, `public:NAME`, `hf:OWNER/NAME`, a dataset's id, or the path of an archive, folder or table.

    Raises:
        DataError: it is none of these, or cannot be used.
    """
    kind, _, sample = source.partition(":")
    if kind == "sample":
        return add_sample(sample, home, split or SplitRatios())
    if kind == "public":
        return _divided(add_public(sample, home, _shares(progress), limits), split)
    if kind == "hf":
        return _divided(add_hub(sample, home, _shares(progress), limits), split)
    if ID.fullmatch(source) and (home / "datasets" / source).is_dir():
        return _divided(load_dataset(home, source), split)
    path = Path(source).expanduser()
    if not path.exists():
        raise DataError(
            f"There is no file, folder or dataset {readable(source)!r}; give a path, a dataset's id, "
            "sample:digits, public:cifar10 or hf:OWNER/NAME."
        )
    ratios = split or SplitRatios()
    return ingest(path, home, name=name, split=ratios, columns=columns, limits=limits, progress=progress)


def _divided(dataset: Dataset, split: SplitRatios | None) -> Dataset:
    return dataset if split is None or split == dataset.split else resplit(dataset, split)


def _shares(progress: Callable[[int, int], None] | None) -> Callable[[float, str], None]:
    """Progress in thousandths, for who counts."""
    return lambda share, words: progress(round(1000 * share), 1000) if progress else None


def _copy(stream: BinaryIO, path: Path, home: Path, limits: Limits) -> Path:
    copied = 0
    with path.open("xb") as file:
        while chunk := stream.read(CHUNK):
            copied += len(chunk)
            if copied > limits.max_bytes:
                _check_size(copied, path.name, home, limits)
            if copied % (64 * CHUNK) == 0:
                check_space(home, CHUNK)
            file.write(chunk)
    return path


def _check_size(n_bytes: int, name: str, home: Path, limits: Limits) -> None:
    if n_bytes > limits.max_bytes:
        raise DataError(
            f"{readable(name)} has more than {limits.max_bytes:,} bytes, which is what is allowed; divide it."
        )
    check_space(home, n_bytes)
