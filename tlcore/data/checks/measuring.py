"""One pass over the samples of a dataset; what was ever measured of a sample is kept, and never measured again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlcore.data.checks.pictures import measure_picture
from tlcore.data.checks.writings import measure_writings
from tlcore.data.dataset import ADMITTED, Dataset, Modality, content_folder
from tlcore.errors import DataError
from tlcore.shelf import Shelf, shelf

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["measures"]

VERSION = "1"
"""Of what is measured; another one measures everything anew."""
MEASURES = "measures.parquet"
MOST_TABLES = 32
"""Kept tables that are looked through for samples known already, the latest used first."""
MAX_THREADS = 16
AT_ONCE = 512
"""Samples between two words on the progress."""
Tell = Callable[[float, str], None]


def measures(dataset: Dataset, home: Path, tell: Tell = lambda share, words: None) -> tuple[pd.DataFrame, int]:
    """A row of measures for each row of the manifest, and how many of them had to be measured just now.

    Raises:
        DataError: a stored file is gone or damaged.
    """
    import pandas as pd

    kept, fresh = shelf(home, "checks"), 0

    def make(folder: Path) -> None:
        nonlocal fresh
        manifest = dataset.manifest()
        known = _known(kept, dataset.modality, set(manifest["digest"]))
        missing = manifest[~manifest["digest"].isin(known.index)]
        fresh = len(missing)
        made = _measured(dataset, missing["sample"].tolist(), home, tell).set_index(pd.Index(missing["digest"]))
        pd.concat([known, made] if len(known) else [made]).loc[manifest["digest"]].to_parquet(folder / MEASURES)

    folder, holding = kept.place(_key(dataset), make)
    try:
        return pd.read_parquet(folder / MEASURES).reset_index(drop=True), fresh
    finally:
        os.close(holding)


def _key(dataset: Dataset) -> dict[str, str]:
    return {"content": dataset.content, "modality": dataset.modality, "version": VERSION}


def _known(kept: Shelf, modality: Modality, digests: set[str]) -> pd.DataFrame:
    """Measures, by digest, of those samples that other datasets hold too."""
    import pandas as pd

    found = pd.DataFrame()
    for item in kept.items()[: -MOST_TABLES - 1 : -1]:
        if item.key.get("version") != VERSION or item.key.get("modality") != modality:
            continue
        try:
            table = pd.read_parquet(item.folder / MEASURES)
        except FileNotFoundError:  # evicted meanwhile
            continue
        found = pd.concat([found, table[table.index.isin(digests)]])
        found = found[~found.index.duplicated()]
        if len(found) == len(digests):
            break
    return found


def _measured(dataset: Dataset, samples: Sequence[str], home: Path, tell: Tell) -> pd.DataFrame:
    import pandas as pd

    rows = _pictures if dataset.modality == "image" else _writings
    tables, done = [], 0
    for table in rows(dataset, samples, home):
        tables.append(table)
        done += len(table)
        tell(done / len(samples), f"measuring {dataset.modality} {done:,} of {len(samples):,}")
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _writings(dataset: Dataset, samples: Sequence[str], home: Path) -> Iterator[pd.DataFrame]:
    for start in range(0, len(samples), AT_ONCE):
        yield measure_writings(samples[start : start + AT_ONCE])


def _pictures(dataset: Dataset, samples: Sequence[str], home: Path) -> Iterator[pd.DataFrame]:
    import pandas as pd

    files = content_folder(home, dataset.content) / "files"

    def measured(sample: str) -> dict[str, Any]:
        if not (files / sample).is_file():
            raise DataError(f"The image {sample} of dataset {dataset.id} is gone; upload the data again.")
        return measure_picture(files / sample, ADMITTED)

    threads = min(MAX_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads, thread_name_prefix="measure") as pool:
        for start in range(0, len(samples), AT_ONCE):
            yield pd.DataFrame(list(pool.map(measured, samples[start : start + AT_ONCE])))
