"""A dataset with its splits as one zip that other tools read: a folder for each split and class, and tables."""

from __future__ import annotations

import csv
import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import IO, Any

from tlcore.data.dataset import Dataset, content_folder
from tlcore.data.splits import SPLITS, Split
from tlcore.data.spreadsheet import safe_cell
from tlcore.errors import DataError

__all__ = ["export", "folder_names"]

COLUMNS = ("file", "label", "split", "group", "origin")
RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
"""Names that Windows keeps for devices."""
REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
MAX_NAME_BYTES = 100
CHUNK = 1 << 20
Progress = Callable[[int, int], None]


def export(dataset: Dataset, path: Path, progress: Progress = lambda done, total: None) -> Path:
    """Write the zip: `train/<class>/<file>` and so on with `manifest.csv`, or for texts a csv for each split.

    It is written to disk as it goes, aside, and takes its place when it is whole. Read again it makes the same samples,
    labels and splits. `progress(done, total)` is called for every sample; what it raises ends the export.

    Raises:
        DataError: a stored file is gone, or the place cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _aside(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            write = _images if dataset.modality == "image" else _texts
            write(dataset, archive, progress)
            archive.writestr("dataset.json", json.dumps(_record(dataset), indent=1, ensure_ascii=False))
    except (PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError) as error:
        raise DataError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
    return path


def folder_names(classes: Sequence[str]) -> tuple[str, ...]:
    """A folder for each class that every file system takes; no two are alike, even where case does not count."""
    names: list[str] = []
    taken: set[str] = set()
    for name in classes:
        wanted = _folder(name)
        free, number = wanted, 2
        while free.casefold() in taken:
            free, number = f"{wanted}~{number}", number + 1
        taken.add(free.casefold())
        names.append(free)
    return tuple(names)


def _folder(name: str) -> str:
    plain = REFUSED.sub("_", name).encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip(" .") or "_"
    return f"_{plain}" if plain.split(".")[0].strip().casefold() in RESERVED else plain


def _images(dataset: Dataset, archive: zipfile.ZipFile, progress: Progress) -> None:
    """Image files are packed already, so they are stored as they are."""
    files = content_folder(dataset.home, dataset.content) / "files"
    folders, rows = folder_names(dataset.classes), list[tuple[str, ...]]()
    for done, row in enumerate(_rows(dataset), start=1):
        source = files / row["sample"]
        name = f"{row['split']}/{folders[row['label']]}/{PurePosixPath(row['sample']).name}"
        if not source.is_file():
            raise DataError(f"The image {row['sample']} of dataset {dataset.id} is gone; upload the data again.")
        archive.write(source, name, zipfile.ZIP_STORED)
        rows.append((name, dataset.classes[row["label"]], row["split"], row["group"], row["origin"]))
        progress(done, dataset.n_samples)
    with _table(archive, "manifest.csv") as table:
        table.writerow(COLUMNS)
        table.writerows([safe_cell(cell) for cell in row] for row in rows)


def _texts(dataset: Dataset, archive: zipfile.ZipFile, progress: Progress) -> None:
    done = 0
    for split in SPLITS:
        with _table(archive, f"{split}.csv") as table:
            table.writerow(("text", *COLUMNS[1:]))
            for row in _rows(dataset, split):
                cells = (row["sample"], dataset.classes[row["label"]], row["split"], row["group"], row["origin"])
                table.writerow([safe_cell(cell) for cell in cells])
                done += 1
                progress(done, dataset.n_samples)


def _rows(dataset: Dataset, split: Split | None = None) -> Iterator[dict[str, Any]]:
    manifest = dataset.manifest()
    columns = ["sample", "label", "split", "group", "origin"]
    chosen = manifest[columns] if split is None else manifest.loc[manifest["split"] == split, columns]
    for values in chosen.itertuples(index=False, name=None):
        yield dict(zip(columns, values, strict=True))


def _record(dataset: Dataset) -> Mapping[str, Any]:
    """What the dataset is, without what only this studio can use."""
    plain = dataset.to_dict()
    folders = dict(zip(dataset.classes, folder_names(dataset.classes), strict=True))
    counts = {split: int(n) for split, n in dataset.counts()[list(SPLITS)].sum().items()}
    return {**plain, "folders": folders, "counts": counts, "exported": time.time()}


@contextmanager
def _table(archive: zipfile.ZipFile, name: str) -> Iterator[Any]:
    """A csv writer into the archive; the mark at its start tells Excel that it is UTF-8."""
    with archive.open(name, "w") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        yield csv.writer(text)


@contextmanager
def _aside(path: Path) -> Iterator[IO[bytes]]:
    """A file in the same folder that takes the place of `path` at the end, and is gone if it does not come to that."""
    with NamedTemporaryFile(dir=path.parent, prefix=".export-", delete=False) as file:
        draft = Path(file.name)
        try:
            yield file
            file.flush()
            draft.chmod(0o644)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
