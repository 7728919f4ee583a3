"""The checks of a dataset, with what its backbone reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tlcore.data import Dataset, load_dataset
from tlcore.data.checks import Report, examine
from tlcore.zoo import Backbone, backbone

__all__ = ["TEXT_BACKBONE", "about", "check", "checks"]

TEXT_BACKBONE = "minilm"
"""Whose tokens and languages count where nobody has named another."""
REVISION = 3
"""Of the checks: a report of another one is made anew."""
Tell = Callable[[float, str], None]


def about(dataset: Dataset, text_backbone: str = "") -> dict[str, Any]:
    """What to ask for as a job: it changes with the dataset's record, and with the backbone of texts alone."""
    named = text_backbone or TEXT_BACKBONE if dataset.modality == "text" else ""
    return {"dataset": dataset.id, "created": dataset.created, "backbone": named, "revision": REVISION}


def checks(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The job: a report as plain values."""
    record = backbone(about["backbone"]) if about["backbone"] else None
    return check(load_dataset(home, about["dataset"]), home, record, tell).to_dict()


def check(dataset: Dataset, home: Path, record: Backbone | None, tell: Tell = lambda share, words: None) -> Report:
    """All checks; of texts also against what the backbone reads.

    Raises:
        DataError: a stored file is gone or damaged.
        WeightsError: the backbone's tokenizer is not on this machine.
    """
    if dataset.modality != "text" or record is None:
        return examine(dataset, home, tell=tell)
    from tlcore.features.reading import reads, token_counter

    return examine(dataset, home, reads=reads(record), count=token_counter(record, home), tell=tell)
