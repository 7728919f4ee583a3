"""All checks of a dataset in one go: measure once, compare, look."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tlcore.data.checks.check import Evidence, Reads, checks
from tlcore.data.checks.copies import LEAK
from tlcore.data.checks.distribution import histograms
from tlcore.data.checks.finding import LEVELS, Finding, Report
from tlcore.data.checks.likeness import PICTURE_BITS, TEXT_BITS, alike_pictures, alike_texts, near_pairs, united
from tlcore.data.checks.measuring import measures
from tlcore.data.checks.quality import BLANK, MIN_PIXELS
from tlcore.data.dataset import Dataset, Modality
from tlcore.data.splits import SplitRatios
from tlcore.data.versions import everything_left_out

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["examine", "leaks"]

MEASURED, COMPARED = 0.9, 0.98
"""Shares of the time that are over once all samples are measured, and compared."""
Tell = Callable[[float, str], None]


def examine(
    dataset: Dataset,
    home: Path,
    *,
    reads: Reads | None = None,
    count: Callable[[Sequence[str]], Sequence[int]] | None = None,
    tell: Tell = lambda share, words: None,
) -> Report:
    """What the checks find in a dataset. Samples that were measured before, also in another dataset, cost nothing.

    Args:
        reads: What the text backbone reads; lengths in tokens and languages are not judged without.
        count: Tokens of each text as that backbone counts them; given with `reads`.
        tell: Takes the share done, in [0, 1], and what is being done.

    Raises:
        DataError: a stored file is gone or damaged.
    """
    begun = time.monotonic()
    measured, fresh = measures(dataset, home, lambda share, words: tell(MEASURED * share, words))
    tell(MEASURED, "comparing the samples")
    clusters = _clusters(measured, dataset.modality, lambda share: tell(_between(share), "comparing the samples"))
    tell(COMPARED, "looking")
    if count is not None and dataset.modality == "text":
        measured["tokens"] = list(count(dataset.manifest()["sample"].tolist()))
    evidence = _evidence(dataset, measured, clusters, reads if "tokens" in measured else None)
    found = {check.name: list(check.find(evidence)) for check in checks(dataset.modality)}
    findings = [finding for some in found.values() for finding in some]
    return Report(
        dataset=dataset.id,
        findings=tuple(sorted(findings, key=lambda finding: LEVELS.index(finding.level))),
        passed=tuple(name for name, some in found.items() if not some),
        histograms=histograms(evidence),
        n_measured=fresh,
        seconds=time.monotonic() - begun,
    )


def leaks(report: Report) -> tuple[Finding, ...]:
    """What says that the score on val or test cannot be trusted."""
    return tuple(finding for finding in report.findings if finding.check == LEAK)


def _between(share: float) -> float:
    return MEASURED + (COMPARED - MEASURED) * share


def _evidence(dataset: Dataset, measured: pd.DataFrame, clusters: NDArray[np.int64], reads: Reads | None) -> Evidence:
    import pandas as pd

    manifest = dataset.manifest()[["label", "split", "origin", "group"]]
    return Evidence(
        modality=dataset.modality,
        classes=dataset.classes,
        table=pd.concat([manifest, measured], axis="columns"),
        clusters=clusters,
        left_out=everything_left_out(dataset),
        shares=(dataset.split or SplitRatios()).shares,
        reads=reads,
    )


def _clusters(measured: pd.DataFrame, modality: Modality, tell: Callable[[float], None]) -> NDArray[np.int64]:
    """Near-duplicates among the samples that hold enough to tell them apart."""
    if modality == "image":
        telling = (measured["contrast"] >= BLANK) & (measured[["width", "height"]].min(axis="columns") >= MIN_PIXELS)
    else:
        telling = measured["plain"] != ""
    rows = np.flatnonzero(telling.to_numpy())
    some = measured.iloc[rows]
    pairs = near_pairs(some["hash"].to_numpy(np.uint64), PICTURE_BITS if modality == "image" else TEXT_BITS, tell)
    if modality == "image":
        pairs = alike_pictures(pairs, some["thumb"].tolist())
    else:
        pairs = alike_texts(pairs, some["plain"].tolist())
    return united(rows[pairs], len(measured))
