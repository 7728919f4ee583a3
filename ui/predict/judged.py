"""A run's answers on one split, as the Evaluate view draws them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from tlcore.data import Dataset
from tlcore.errors import DataError
from tlcore.evaluation.predictions import Predictions
from tlcore.home import home
from tlcore.runs import Run
from tlcore.runs.comparison import answers_of
from tlcore.runs.temperature import temperature_of
from ui import state
from ui.job import job

__all__ = ["TITLES", "Judged", "judged"]

TITLES: Mapping[str, str] = {"test": "Test", "val": "Validation"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Whose answers, on what, and how sure they are."""

    run: Run
    split: str
    dataset: Dataset
    found: Predictions
    temperature: float
    """What logits are divided by wherever a confidence is shown."""

    @property
    def key(self) -> str:
        """Another one wherever something else is to be computed."""
        return f"{self.run.id}-{self.split}-{self.found.epoch}-{self.temperature:.6f}"

    @property
    def source(self) -> str:
        """Where every figure of the view comes from; without foreign text."""
        cooled = "" if self.temperature == 1.0 else f", temperature {self.temperature:.2f}"
        return (
            f"Run {self.run.id}, weights of epoch {self.found.epoch:,}, {len(self.found.labels):,} samples of the "
            f"{self.split} split of dataset {self.dataset.id}{cooled}."
        )


def judged(run: Run, split: str) -> Judged | None:
    """The kept answers; where there are none, what gets them is drawn, and None is returned."""
    try:
        dataset = state.dataset(run.dataset)
    except DataError:
        st.info(
            "The dataset of this run was deleted, so its samples cannot be shown or scored.",
            icon=":material/folder_off:",
        )
        return None
    found = answers_of(home(), run, split)
    if found is None:
        _score(run, split)
        return None
    if not len(found.labels):
        st.info(f"The {split} split of this dataset is empty.", icon=":material/inbox:")
        return None
    return Judged(run=run, split=split, dataset=dataset, found=found, temperature=temperature_of(home(), run))


def _score(run: Run, split: str) -> None:
    def show(_: Mapping[str, Any]) -> None:
        st.error("The answers were scored but cannot be read. Score them again.", icon=":material/error:")

    unused = " It meets this run for the first time." if split == "test" and run.test_accuracy is None else ""
    job(
        "predictions",
        {"run": run.id, "split": split, "epoch": run.best_epoch},
        key=f"score-{split}",
        action=f"Score the {split} split",
        icon=":material/play_arrow:",
        note=f"The single answers on the {split} split are not kept yet. Scoring uses the weights that are kept."
        f"{unused}",
        show=show,
    )
