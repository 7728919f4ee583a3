"""A dataset as it is stored: named by its content, never changed."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tlcore.data.images import decode_image
from tlcore.data.limits import Limits
from tlcore.data.problems import Problem
from tlcore.data.splits import SPLITS, Split, SplitRatios
from tlcore.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from PIL.Image import Image

__all__ = ["Dataset", "Modality", "content_folder", "dataset_folder", "list_datasets", "load_dataset"]

Modality = Literal["image", "text"]
ADMITTED = Limits(max_pixels=10**12)
"""What is stored was checked when it came in."""
ID = re.compile(r"[0-9a-f]{12}")
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Labelled samples and their split. Row numbers and labels are the same for every split of one content."""

    id: str
    """12 hex characters of the content and the split."""
    content: str
    """16 hex characters of the samples and labels alone; files and features are stored under it."""
    name: str
    """As the user calls it."""
    modality: Modality
    classes: tuple[str, ...]
    """In the order of the labels 0, 1, ..."""
    n_samples: int
    source: str
    """The file or folder it came from, or `sample:NAME`."""
    note: str
    """Who made it and under which licence, where known."""
    created: float
    """Seconds since 1970."""
    split: SplitRatios | None
    """None where the user's own train, val and test folders were kept."""
    problems: tuple[Problem, ...]
    """What was left out or noticed."""
    home: Path
    """The studio's folder."""
    parent: str = ""
    """The id of the dataset it was made from by a change; empty where it was brought as it is."""
    change: str = ""
    """What was changed of the parent, for people."""

    def manifest(self) -> pd.DataFrame:
        """One row a sample: `sample` (file below `files/`, or the text), `label` (int64), `split`, `origin`, `digest`,
        `group` (empty for none).

        Rows are ordered by label and digest.
        """
        return self._manifest.copy()

    def counts(self) -> pd.DataFrame:
        """Samples per class (index, in the order of the labels) in `train`, `val`, `test` and `total`."""
        import pandas as pd

        table = pd.DataFrame(0, index=pd.Index(self.classes, dtype="object"), columns=list(SPLITS), dtype="int64")
        for split in SPLITS:
            table[split] = np.bincount(self._labels[self.rows(split)], minlength=len(self.classes))
        table["total"] = table.sum(axis="columns")
        return table

    def rows(self, split: Split) -> NDArray[np.int64]:
        """Rows of the manifest (n,) that belong to the split, ascending."""
        return np.flatnonzero((self._manifest["split"] == split).to_numpy()).astype(np.int64)

    def labels(self) -> NDArray[np.int64]:
        """Labels (N,) in [0, number of classes)."""
        return self._labels.copy()

    def sample(self, row: int) -> Image | str:
        """The RGB image or the text of a row.

        Raises:
            DataError: the stored file was removed or damaged.
        """
        stored = self._samples[row]
        if self.modality == "text":
            return stored
        path = content_folder(self.home, self.content) / "files" / stored
        if not path.is_file():
            raise DataError(
                f"The image {stored} of dataset {self.id} is gone from {path.parent}; upload the data again."
            )
        return decode_image(path, ADMITTED)

    def left_out(self) -> pd.DataFrame:
        """Everything that was not taken in: `where`, `why`."""
        import pandas as pd

        path = dataset_folder(self.home, self.id) / "left_out.csv"
        return pd.read_csv(path, dtype=str, keep_default_na=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the place it is stored at."""
        return {key: value for key, value in asdict(self).items() if key != "home"}

    @classmethod
    def from_dict(cls, plain: dict[str, Any], home: Path) -> Dataset:
        """The inverse of `to_dict`."""
        split = plain["split"]
        values = plain | {
            "classes": tuple(plain["classes"]),
            "split": None if split is None else SplitRatios(**split),
            "problems": tuple(Problem(**problem) for problem in plain["problems"]),
        }
        return cls(**values, home=home)

    @cached_property
    def _manifest(self) -> pd.DataFrame:
        import pandas as pd

        path = dataset_folder(self.home, self.id) / "manifest.parquet"
        try:
            table = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise DataError(f"The manifest {path} cannot be read ({error}); add the data again.") from error
        return table if "group" in table else table.assign(group="")

    @cached_property
    def _labels(self) -> NDArray[np.int64]:
        return self._manifest["label"].to_numpy(dtype=np.int64)

    @cached_property
    def _samples(self) -> list[str]:
        return [str(sample) for sample in self._manifest["sample"]]


def dataset_folder(home: Path, dataset_id: str) -> Path:
    """Where a dataset's manifest and record lie."""
    return home / "datasets" / dataset_id


def content_folder(home: Path, content: str) -> Path:
    """Where the files of a content lie; all its splits share them."""
    return home / "contents" / content


def load_dataset(home: Path, dataset_id: str) -> Dataset:
    """A stored dataset.

    Raises:
        DataError: there is none of this id, or its record is damaged.
    """
    record = dataset_folder(home, dataset_id) / "dataset.json"
    if not ID.fullmatch(dataset_id) or not record.is_file():
        raise DataError(f"There is no dataset {dataset_id!r} here; choose another, or add the data again.")
    try:
        return Dataset.from_dict(json.loads(record.read_text(encoding="utf-8")), home)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DataError) as error:
        raise DataError(f"The record of dataset {dataset_id} is damaged ({error}); add the data again.") from error


def list_datasets(home: Path) -> tuple[Dataset, ...]:
    """All stored datasets, newest first; a damaged one is skipped and logged."""
    found = []
    for folder in (home / "datasets").glob("*"):
        if not ID.fullmatch(folder.name):
            continue
        try:
            found.append(load_dataset(home, folder.name))
        except DataError as error:
            log.warning("%s", error)
    return tuple(sorted(found, key=lambda dataset: (-dataset.created, dataset.id)))
