"""A finished run's model, loaded once, and its answers to new inputs through the transform of its evaluation."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tlcore.errors import DataError, WeightsError
from tlcore.features.feeds import move
from tlcore.features.inputs import TextInputs, batch, reader
from tlcore.features.neighbours import Neighbour, Neighbourhood
from tlcore.features.projection import drawn_rows
from tlcore.features.stored import DatasetFeeds
from tlcore.precision import autocast, chosen
from tlcore.runs.embedding import LateEmbed
from tlcore.runs.records import Run
from tlcore.runs.scored import is_frozen, restored
from tlcore.runs.temperature import temperature_of
from tlcore.zoo import backbone

__all__ = ["Answer", "Predictor"]

BATCH = 32
"""Inputs that pass together."""
TIMED = 3
"""Passes of one input; the median counts."""
MOST_TRAIN, MOST_VAL = 20_000, 5_000
"""Samples of a split that neighbours and the threshold come from: of more, every class with its share."""
Tell = Callable[[float, str], None]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model says of one input."""

    top: tuple[tuple[str, float], ...]
    """The likeliest classes with their probabilities, in [0, 1], the likeliest first."""
    neighbours: tuple[Neighbour, ...] = ()
    """The nearest training samples, nearest first."""
    distance: float | None = None
    """1 - cosine to the k-th nearest training sample, in [0, 2]; None where that cannot be said."""
    unlike: bool | None = None
    """Further from the training data than nearly all validation samples; None where that cannot be said."""
    cut: str = ""
    """What of a long text was not read, in words; empty where all of it was."""

    @property
    def label(self) -> str:
        """The likeliest class."""
        return self.top[0][0]

    @property
    def confidence(self) -> float:
        """Its probability, in [0, 1]."""
        return self.top[0][1]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"answer": self.label, "confidence": self.confidence, **asdict(self)}


class Predictor:
    """A run's model in memory; the first pass is made here, so that later ones are warm.

    Args:
        device: Instead of the recipe's.

    Raises:
        RunError: the run kept no model.
        DataError: its dataset is gone.
    """

    def __init__(self, home: Path, run: Run, tell: Tell = lambda share, words: None, *, device: str = "") -> None:
        tell(0.0, "loading the model")
        if device:
            run = replace(run, recipe={**run.recipe, "device": device})
        model, _, self.dataset, recipe = restored(home, run)
        self.run, self.classes = run.id, self.dataset.classes
        self._home, self._precision = home, recipe.precision
        self._device = next(model.parameters()).device
        self._record = backbone(recipe.backbone)
        self.inputs = reader(self._record, home)
        self.frozen = is_frozen(home, run) and recipe.strategy.pretrained
        precision = chosen(recipe.precision, self._device)
        self._features = autocast(model.features, self._device, precision)
        self._head = autocast(model.head, self._device, precision)
        self._pretrained = autocast(LateEmbed(self._record, home, self._device), self._device, precision)
        self._near: Neighbourhood | None = None
        self.unknown = ""
        """Why neighbours cannot be found, in a sentence; empty where they can."""
        self.temperature = temperature_of(home, run)
        self.milliseconds(self.blank())

    @property
    def space(self) -> Literal["own", "pretrained"]:
        """Whose features tell neighbours: the model's own, where training left the backbone as it was."""
        return "own" if self.frozen else "pretrained"

    def near(self, tell: Tell = lambda share, words: None) -> Neighbourhood | None:
        """The neighbourhood in the train split, computed when first asked for; None, with `unknown` set, without."""
        if self._near is None and not self.unknown:
            try:
                self._near = self._neighbourhood(tell)
            except (WeightsError, DataError) as error:
                self.unknown = str(error)
        return self._near

    def answer(self, samples: Sequence[Any], *, top: int = 5, nearest: int = 5) -> list[Answer]:
        """Images or texts -> an answer each; with its `nearest` training samples."""
        found: list[Answer] = []
        for start in range(0, len(samples), BATCH):
            found += self._answer(samples[start : start + BATCH], top, nearest)
        return found

    def logits(self, samples: Sequence[Any]) -> Tensor:
        """(N, C), on the CPU, as the evaluation of the run computes them."""
        return self._passed(batch(self.inputs, samples))[0]

    def milliseconds(self, sample: Any) -> float:
        """Of the model alone for one input at a time: the median of a few passes."""
        x, taken = move(batch(self.inputs, [sample]), self._device), list[float]()
        for _ in range(TIMED):
            begun = time.perf_counter()
            with torch.inference_mode():
                self._head(self._features(x)).float().cpu()
            taken.append(1000 * (time.perf_counter() - begun))
        return statistics.median(taken)

    def blank(self) -> Any:
        """An input of the kind that the model reads, to time it with."""
        if self.dataset.modality == "text":
            return "warm"
        from PIL import Image

        return Image.new("RGB", (64, 64))

    def _passed(self, x: Any) -> tuple[Tensor, Tensor]:
        """Logits (B, C) and the features (B, D) that tell neighbours."""
        x = move(x, self._device)
        with torch.inference_mode():
            features = self._features(x)
            return self._head(features).float().cpu(), features.float().cpu()

    def _answer(self, samples: Sequence[Any], top: int, nearest: int) -> list[Answer]:
        found = self._judged(samples, top, nearest)
        if not isinstance(self.inputs, TextInputs):
            return found
        return [replace(one, cut=cut) for one, cut in zip(found, self.inputs.cuts(samples), strict=True)]

    def _judged(self, samples: Sequence[Any], top: int, nearest: int) -> list[Answer]:
        x = batch(self.inputs, samples)
        scores, features = self._passed(x)
        probabilities = torch.softmax(scores / self.temperature, 1)
        tops = [self._top(row, top) for row in probabilities]
        near = self.near()
        if near is None:
            return [Answer(top=one) for one in tops]
        if not self.frozen:
            features = self._pretrained(move(x, self._device)).float().cpu()
        own: Floats = features.numpy()
        distances = near.distances(own)
        judged = zip(tops, near.nearest(own, nearest), distances, strict=True)
        return [
            Answer(top=one, neighbours=found, distance=float(far), unlike=bool(far > near.threshold))
            for one, found, far in judged
        ]

    def _top(self, probabilities: Tensor, top: int) -> tuple[tuple[str, float], ...]:
        values, places = probabilities.topk(min(top, len(self.classes)))
        return tuple((self.classes[at], share) for share, at in zip(values.tolist(), places.tolist(), strict=True))

    def _neighbourhood(self, tell: Tell) -> Neighbourhood:
        train_rows, train = self._stored("train", MOST_TRAIN, tell)
        _, val = self._stored("val", MOST_VAL, tell)
        return Neighbourhood(train, train_rows, val)

    def _stored(self, split: Literal["train", "val"], most: int, tell: Tell) -> tuple[NDArray[np.int64], Floats]:
        """Rows and features of a split from the store, unvaried; what is missing is computed and kept."""
        feeds = DatasetFeeds(self.dataset, self._record, self._home, device=self._device, precision=self._precision)
        rows = self.dataset.rows(split)
        places = drawn_rows(self.dataset.labels()[rows], 0, most)
        values, done = np.empty((len(places), self._record.n_features), np.float32), 0
        embed = LateEmbed(self._record, self._home, self._device)
        for x, _ in feeds.features(split, embed).batches(64, torch.from_numpy(places)):
            assert isinstance(x, Tensor)
            values[done : done + len(x)] = x.float().cpu().numpy()
            done += len(x)
            tell(done / len(places), f"looking at the {split} split: {done:,} of {len(places):,}")
        return rows[places], values
