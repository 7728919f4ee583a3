"""The model card: what the model is, what it was trained on, how well it does, and what it is not for.

https://huggingface.co/docs/hub/model-cards
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from tlcore.data import SPLITS
from tlcore.evaluation.calibration import BINS, FEW_FITTED
from tlcore.evaluation.significance import ROUGH_BELOW, interval, resampled, wilson
from tlcore.export.catalogue import Tell
from tlcore.export.subject import Fitted, Subject
from tlcore.strategies import options

__all__ = ["card", "plain", "readme"]

TASKS: Mapping[str, str] = {"image": "image-classification", "text": "text-classification"}
LICENCES = frozenset({"apache-2.0", "mit", "bsd-3-clause", "cc-by-nc-4.0", "cc-by-4.0", "openrail"})
"""SPDX identifiers that the hub's own list has, in its spelling; others are `other` with a name."""
MARKS = re.compile(r"([\\`*_{}\[\]()<>#|!~$&])")


def card(subject: Subject) -> str:
    """Markdown with a head in YAML."""
    writers = (_head, _what, _data, _scores, _confidence, _recipe, _limits)
    return "\n".join(write(subject) for write in writers)


def _head(subject: Subject) -> str:
    record = subject.record
    licence = record.licence.lower()
    base = [f"base_model: {json.dumps(record.hub_id)}"] if record.hub_id and subject.recipe.strategy.pretrained else []
    named = (
        [f"license: {licence}"]
        if licence in LICENCES
        else ["license: other", f"license_name: {json.dumps(record.licence or 'unknown')}"]
    )
    lines = [
        *named,
        f"library_name: {record.source if record.source != 'torchvision' else 'pytorch'}",
        f"pipeline_tag: {TASKS[record.modality]}",
        *base,
        "tags:",
        f"- {TASKS[record.modality]}",
        "- transfer-learning",
        *_index(subject),
    ]
    return "---\n" + "\n".join(lines) + "\n---\n"


def _index(subject: Subject) -> list[str]:
    """The scores as the hub shows them."""
    report = subject.report
    if not report:
        return []
    return [
        "model-index:",
        f"- name: {json.dumps(subject.name, ensure_ascii=False)}",
        "  results:",
        "  - task:",
        f"      type: {TASKS[subject.record.modality]}",
        "    dataset:",
        f"      name: {json.dumps(subject.dataset.name, ensure_ascii=False)}",
        f"      type: {json.dumps(subject.dataset.id)}",
        "      split: test",
        "    metrics:",
        *(
            f"    - type: {kind}\n      value: {report[key]:.4f}"
            for kind, key in (("accuracy", "accuracy"), ("f1", "macro_f1"))
        ),
    ]


def _what(subject: Subject) -> str:
    record, names = subject.record, ", ".join(plain(name) for name in subject.classes)
    day = time.strftime("%Y-%m-%d", time.gmtime(subject.trained))
    return (
        f"# {plain(subject.name)}\n\nTells {len(subject.classes)} classes of {record.modality}s apart: {names}.\n\n"
        f"{plain(record.title)} with a new head, trained on {day} as run `{subject.run}`; these are the weights of "
        f"epoch {subject.epoch:,}, the best on validation."
        + (
            f" The training was stopped before its planned end, in epoch {subject.stopped:,}.\n"
            if subject.stopped
            else "\n"
        )
    )


def _data(subject: Subject) -> str:
    dataset, counts = subject.dataset, subject.dataset.counts()
    rows = [
        f"| {plain(name)} | " + " | ".join(f"{int(n):,}" for n in row) + " |"
        for name, row in zip(subject.classes, counts[[*SPLITS, "total"]].to_numpy(), strict=True)
    ]
    note = f" {plain(dataset.note)}" if dataset.note else ""
    return (
        f"## Data\n\n{plain(dataset.name)} (dataset `{dataset.id}`): {dataset.n_samples:,} {dataset.modality}s."
        f"{note}\n\n"
        "| class | train | val | test | total |\n|---|---:|---:|---:|---:|\n" + "\n".join(rows) + "\n"
    )


def _scores(subject: Subject) -> str:
    report, val = subject.report, subject.val_accuracy
    n_val = len(subject.dataset.rows("val"))
    on_val = (
        f"Validation, by which the epoch was chosen: {_share(val)} of {n_val:,} {_between(*wilson(val, n_val))}, "
        "by Wilson's formula.\n"
        if val is not None
        else ""
    )
    if not report:
        return f"## Scores\n\nThis run was not scored on a test split.\n{on_val}"
    rows = [
        f"| {plain(one['name'])} | {one['precision']:.3f} | {one['recall']:.3f} | {one['f1']:.3f} "
        f"| {one['support']:,} |"
        for one in report["per_class"]
    ]
    accuracy, f1 = _intervals(report)
    return (
        f"## Scores\n\nTest, n = {report['n']:,}: accuracy {_share(report['accuracy'])} {accuracy}, macro-F1 "
        f"{_share(report['macro_f1'])} {f1}. In brackets: 95 % intervals of how far the choice of samples may "
        f"move them, of accuracy by Wilson's formula, of macro-F1 by bootstrap. The "
        f"test split was scored {report.get('scorings', 1):,} time(s).\n{on_val}\n"
        "| class | precision | recall | F1 | n |\n|---|---:|---:|---:|---:|\n" + "\n".join(rows) + "\n"
    )


def _intervals(report: Mapping[str, Any]) -> tuple[str, str]:
    """Of accuracy by Wilson's formula, which holds near 100 % too; of macro-F1 by 2,000 resamples."""
    matrix = np.asarray(report["confusion"], dtype=np.int64)
    labels, answers = (np.repeat(index.ravel(), matrix.ravel()) for index in np.indices(matrix.shape))
    drawn = interval(resampled(labels, answers[None], len(matrix)).macro_f1[0])
    return _between(*wilson(report["accuracy"], report["n"])), _between(drawn.low, drawn.high)


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _between(low: float, high: float) -> str:
    return f"({100 * low:.1f} to {100 * high:.1f} %)"


def _confidence(subject: Subject) -> str:
    temperature, fitted = subject.temperature, subject.fitted
    if temperature == 1.0:
        return (
            "## Confidence\n\nNo temperature was fitted to the model, so its confidence was not checked: it may be too "
            "sure or too unsure.\n"
        )
    on = f"{fitted.n:,} val samples" if fitted else "validation data"
    return (
        f"## Confidence\n\nDivide the logits by the temperature {temperature:.4g} before the softmax: it was fitted on "
        f"{on}.{_calibrated(fitted) if fitted else ''} `model.json` has it, and the code of the exported folders "
        "divides by it; logits themselves, and so any pipeline that reads the weights alone, are without it.\n"
    )


def _calibrated(fitted: Fitted) -> str:
    """What the temperature does on test, and how far it may be believed."""
    test = (
        f" On the test split, n = {fitted.n_test:,}: the calibration error (ECE, {BINS} bins) is {_share(fitted.ece)} "
        f"with it and {_share(fitted.ece_raw)} without; few samples alone make such an error, too."
        if fitted.n_test
        else ""
    )
    few = (
        f" Fewer than {FEW_FITTED} val samples make the temperature itself rough: confidences may still be too sure or "
        "too unsure."
        if fitted.n < FEW_FITTED
        else ""
    )
    return test + few


def _recipe(subject: Subject) -> str:
    recipe = subject.recipe
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", subject.record.source))
    said = ", ".join(f"{name} {value}" for name, value in options(recipe.strategy).items())
    return (
        f"## Training\n\nStrategy `{recipe.strategy.name}` ({said}); "
        f"{recipe.epochs + sum(recipe.extensions):,} epochs, "
        f"batches of {recipe.batch_size:,}, {recipe.optimizer.name}, schedule {recipe.schedule.name}, "
        f"seed {recipe.seed}. "
        f"Versions: {packages}.\n\n```toml\n{recipe.to_toml().strip()}\n```\n"
    )


def _limits(subject: Subject) -> str:
    record, report = subject.record, subject.report
    few = [str(one["name"]) for one in (report or {}).get("per_class", ()) if one["support"] < ROUGH_BELOW]
    shaky = (
        f" Scores of classes with fewer than {ROUGH_BELOW} test samples are rough: {', '.join(map(plain, few[:12]))}."
        if few
        else ""
    )
    return (
        f"## Limits\n\nIt answers with one of its {len(subject.classes)} classes whatever it is shown, also where none "
        "fits. It was measured on data like that it was trained on; elsewhere its accuracy is unknown, and may differ "
        f"between groups that the data does not name.{shaky}\n\n"
        f"## Licence\n\nThe pretrained weights of {plain(record.title)} are under "
        f"{plain(record.licence or 'an unknown licence')}"
        + (f" ({record.recipe})" if record.recipe else "")
        + ". What follows from the training data's own licence is for you to see to.\n"
    )


def plain(text: object) -> str:
    """On one line, without a meaning in markdown."""
    return MARKS.sub(r"\\\1", " ".join(str(text).split()))


def readme(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """The card as README.md."""
    (folder / "README.md").write_text(card(subject), encoding="utf-8")
    n = f"test scores of n = {subject.report['n']:,}" if subject.report else "no test scores"
    return {"words": f"With data, recipe, {n}, limits, and the licence of the weights ({subject.record.licence})."}
