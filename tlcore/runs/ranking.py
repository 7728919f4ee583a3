"""Ranking backbones on a dataset: a question for each of them, answered one after another, cheap ones first.

Each answer is kept by itself. So rows are there as they come, who stops keeps those that are done, one that fails or
runs out of memory takes none with it, and a ranking with one more backbone computes one more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from tlcore.data import Dataset
from tlcore.device import machine
from tlcore.errors import RecipeError
from tlcore.runs import jobs
from tlcore.zoo import Backbone, WeightsState, backbones, weights_key, weights_state

__all__ = [
    "N_TRAIN",
    "N_VAL",
    "Score",
    "Standing",
    "alike",
    "begin",
    "best_first",
    "candidates",
    "expected",
    "left",
    "question",
    "standings",
    "stop",
]

KIND, REVISION = "rank", 1
N_TRAIN, N_VAL = 2_000, 1_000
"""The most samples of a split that are looked at: of larger ones a part, drawn by class and seed."""
ALWAYS_SECONDS = 4.0
"""What a backbone takes beside its features, until one was scored here: its latency, its classifiers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a backbone's frozen features tell of a dataset, and what the backbone costs."""

    backbone: str
    linear: float
    """Accuracy of logistic regression on val, in [0, 1]."""
    low: float
    """Its 95 % interval, Wilson's."""
    high: float
    knn: float
    """Accuracy of the 5 nearest neighbours by cosine, on val."""
    chance: float
    """Accuracy of always saying the class that is largest in val."""
    log_me: float
    """Log evidence for each training sample and class."""
    h_score: float
    """Between 0 and the number of classes less 1."""
    n_train: int
    """Samples learned from."""
    n_val: int
    """Samples scored."""
    all_train: int
    """Samples that the split has."""
    all_val: int
    n_params: int
    """Without the classifier."""
    gflops: float | None
    """10^9 multiply-adds for one input, as published."""
    n_features: int
    latency: float | None
    """Seconds of inference with one sample on this machine; None where it could not be measured."""
    busy: float
    """Share of the machine that others took just before the latency was measured."""
    seconds: float
    """All of it took so long."""
    embedding_seconds: float
    """Of these, computing features."""
    fresh: int
    """Features that were computed for it; the rest were stored."""

    @property
    def stored(self) -> bool:
        """All features were there already."""
        return not self.fresh

    @property
    def interval(self) -> tuple[float, float]:
        """Where the linear probe's accuracy lies, with 95 % confidence."""
        return self.low, self.high

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A backbone in a ranking: scored, on its way, failed, or of no use here."""

    record: Backbone
    status: Literal["unusable", "new", "waiting", "running", "done", "failed"]
    words: str = ""
    """Why it is of no use or failed, or what it does now."""
    share: float = 0.0
    """Done, in [0, 1]."""
    left: float | None = None
    """Seconds to go, where it runs and that can be said."""
    score: Score | None = None

    @property
    def live(self) -> bool:
        """Its score is on its way."""
        return self.status in ("waiting", "running")


def candidates(dataset: Dataset, home: Path) -> tuple[tuple[Backbone, WeightsState], ...]:
    """All backbones that read this kind of data, with where their weights are; the usable ones first."""
    found = [(record, weights_state(record, home)) for record in backbones(dataset.modality, home)]
    return tuple(sorted(found, key=lambda one: not one[1].ready))


def question(dataset: Dataset, record: Backbone, home: Path, place: str = "") -> dict[str, Any]:
    """What is asked about one backbone: all that its score depends on. `place` computes; this machine without."""
    return {
        "dataset": dataset.id,
        "backbone": record.name,
        "weights": weights_key(record, home),
        "place": place or machine().place,
        "most": [N_TRAIN, N_VAL],
        "revision": REVISION,
    }


def begin(dataset: Dataset, records: Iterable[Backbone], home: Path) -> tuple[Standing, ...]:
    """Have those scored that are not; returns at once. Random weights are never scored.

    Raises:
        RecipeError: backbone and data do not fit, or a split that is needed has no samples.
    """
    chosen = tuple(records)
    _check(dataset, chosen)
    for record in sorted(chosen, key=_work):
        if weights_state(record, home).ready:
            jobs.ask(home, KIND, question(dataset, record, home))
    return standings(dataset, chosen, home)


def standings(dataset: Dataset, records: Iterable[Backbone], home: Path) -> tuple[Standing, ...]:
    """How it stands with each: scored ones first, the best on top."""
    here = machine().place
    found = [_standing(dataset, record, home, here) for record in records]
    scored = {one.score.backbone: one for one in found if one.score}
    best = [scored[score.backbone] for score in best_first(one.score for one in scored.values() if one.score)]
    order = {"running": 0, "waiting": 1, "failed": 2, "new": 3, "unusable": 4}
    rest = sorted((one for one in found if not one.score), key=lambda one: order[one.status])
    return (*best, *rest)


def stop(dataset: Dataset, records: Iterable[Backbone], home: Path) -> None:
    """Ask for an end of those that are on their way; what is done stays."""
    for record in records:
        about = question(dataset, record, home)
        if jobs.look(home, KIND, about).live:
            jobs.cancel(home, KIND, about)


def best_first(scores: Iterable[Score]) -> tuple[Score, ...]:
    """By the linear probe; those with the same accuracy by LogME."""
    return tuple(sorted(scores, key=lambda one: (-one.linear, -one.log_me)))


def alike(scores: Sequence[Score]) -> tuple[Score, ...]:
    """The best by the linear probe, and all whose interval overlaps with its: the data does not tell them apart."""
    ranked = best_first(scores)
    return tuple(score for score in ranked if score.high >= ranked[0].low)


def expected(dataset: Dataset, records: Sequence[Backbone], home: Path) -> float | None:
    """Seconds that scoring these will take without stored features, at the pace of scores that were made here."""
    known = _known(home)
    pace = _pace(known, dataset.modality)
    if pace is None:
        return None
    always = median(score.seconds - score.embedding_seconds for score in known)
    return sum(always + pace * _work(record) * _samples(dataset) for record in records)


def left(dataset: Dataset, found: Sequence[Standing], home: Path) -> float | None:
    """Seconds until the last of these is scored, one after another; None while that cannot be said."""
    known = _known(home)
    pace = _pace(known, dataset.modality)
    running = [one for one in found if one.status == "running"]
    if pace is None:
        pace = next((one.left / _work(one.record) / _samples(dataset) for one in running if one.left), None)
    if pace is None:
        return None
    always = median([score.seconds - score.embedding_seconds for score in known] or [ALWAYS_SECONDS])
    whole = {one.record.name: always + pace * _work(one.record) * _samples(dataset) for one in found if one.live}
    rest = [one.left if one.left is not None else whole[one.record.name] * (1 - one.share) for one in running]
    return sum(rest) + sum(whole[one.record.name] for one in found if one.status == "waiting")


def _standing(dataset: Dataset, record: Backbone, home: Path, place: str) -> Standing:
    state = weights_state(record, home)
    if not state.ready:
        return Standing(record=record, status="unusable", words=state.detail)
    job = jobs.look(home, KIND, question(dataset, record, home, place))
    return Standing(
        record=record,
        status=job.status,
        words=job.words,
        share=job.share,
        left=job.left,
        score=_score(job.result) if job.status == "done" else None,
    )


def _score(found: Mapping[str, Any]) -> Score:
    return Score(**{key: value for key, value in found.items() if key in Score.__dataclass_fields__})


def _check(dataset: Dataset, records: Sequence[Backbone]) -> None:
    for record in records:
        if record.modality != dataset.modality:
            raise RecipeError(
                f"{record.title} reads {record.modality}s, but the dataset {dataset.name!r} holds "
                f"{dataset.modality}s. Choose a backbone of the same kind."
            )
    for split in ("train", "val"):
        if not len(dataset.rows(split)):
            raise RecipeError(f"A ranking needs samples in train and val; {split} has none. Divide the data anew.")


def _known(home: Path) -> list[Score]:
    """Scores of this machine whose features were computed for them."""
    place = machine().place
    found = [_score(score) for about, score in jobs.answers(home, KIND) if about.get("place") == place]
    return [score for score in found if score.fresh]


def _pace(known: Iterable[Score], modality: str) -> float | None:
    """Seconds a sample and unit of work, the median of what was seen."""
    by_name = {record.name: record for record in backbones(modality)}
    paces = [
        score.embedding_seconds / score.fresh / _work(by_name[score.backbone])
        for score in known
        if score.backbone in by_name
    ]
    return median(paces) if paces else None


def _work(record: Backbone) -> float:
    """What one sample costs, in units that compare backbones of one kind."""
    return record.gflops or record.n_params / 1e7


def _samples(dataset: Dataset) -> int:
    return min(N_TRAIN, len(dataset.rows("train"))) + min(N_VAL, len(dataset.rows("val")))
