"""The job behind a ranking: one backbone's scores on a dataset, from frozen features of train and val.

The test split is never read. The features are those that a head would train on, and stay in the store for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tlcore.advisor.probe import judge, read
from tlcore.data import Dataset, Split, load_dataset
from tlcore.device import machine, torch_device
from tlcore.errors import RecipeError
from tlcore.features.projection import drawn_rows
from tlcore.features.stored import DatasetFeeds
from tlcore.features.transferability import h_score, log_me
from tlcore.runs import jobs, models
from tlcore.runs.embedding import LateEmbed
from tlcore.zoo import Backbone, backbone, how_to_get, weights_state

__all__ = ["rank"]

SEED = 0
TIMED, EMBEDDED = 0.06, 0.9
"""Shares of the work done once the latency is known, and once the features are."""
Tell = Callable[[float, str], None]
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def rank(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The plain values of a `Score`.

    Raises:
        RecipeError: its weights are not here any more: nothing is scored on random ones.
    """
    begun = time.perf_counter()
    dataset, record = load_dataset(home, about["dataset"]), backbone(about["backbone"])
    if not weights_state(record, home).ready:
        raise RecipeError(how_to_get(record, home))
    speed = _latency(home, record, tell)
    data = DatasetFeeds(dataset, record, home, device=torch_device())
    embed = LateEmbed(record, home, torch_device())
    (x, y), (x_val, y_val) = _features(dataset, data, embed, about["most"], tell)
    tell(EMBEDDED, "scoring its features")
    probe, embedding = judge(x, y, x_val, y_val), data.embedding()
    low, high = probe.interval
    return {
        "backbone": record.name,
        "linear": probe.linear,
        "low": low,
        "high": high,
        "knn": probe.knn,
        "chance": probe.chance,
        "log_me": log_me(x, y),
        "h_score": h_score(x, y),
        "n_train": len(y),
        "n_val": len(y_val),
        "all_train": len(dataset.rows("train")),
        "all_val": len(dataset.rows("val")),
        "n_params": record.n_params,
        "gflops": record.gflops,
        "n_features": record.n_features,
        **speed,
        "seconds": time.perf_counter() - begun,
        "embedding_seconds": embedding.seconds,
        "fresh": embedding.fresh,
    }


def _latency(home: Path, record: Backbone, tell: Tell) -> dict[str, Any]:
    """As the Models page measured it here, or measured now."""
    for about, found in jobs.answers(home, "speed"):
        alone = [r["seconds"] for r in found["readings"] if (r["mode"], r["batch_size"]) == ("inference", 1)]
        if about.get("backbone") == record.name and about.get("place") == machine().place and alone:
            return {"latency": alone[0], "busy": found["busy"]}
    tell(0.0, "measuring its latency")
    busy = models.busy()
    return {"latency": models.latency(record, lambda: tell(0.0, "measuring its latency")), "busy": busy}


def _features(
    dataset: Dataset, data: DatasetFeeds, embed: LateEmbed, most: tuple[int, int], tell: Tell
) -> list[tuple[Floats, Ints]]:
    """Features and labels of train and of val, at most so many of each."""
    splits: tuple[Split, Split] = ("train", "val")
    labels = [dataset.labels()[dataset.rows(split)] for split in splits]
    drawn = [drawn_rows(own, SEED, n) for own, n in zip(labels, most, strict=True)]
    total, before = sum(map(len, drawn)), 0
    found = []
    for split, positions in zip(splits, drawn, strict=True):

        def told(done: int, before: int = before) -> None:
            share = TIMED + (EMBEDDED - TIMED) * (before + done) / total
            tell(share, f"computing features: {before + done:,} of {total:,}")

        found.append(read(data.features(split, embed), torch.from_numpy(positions), told))
        before += len(positions)
    return found
