"""A run's temperature: fitted on val, kept with the run, and no longer true of other weights."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from tlcore.errors import RunError
from tlcore.evaluation.calibration import calibration, fitted_temperature
from tlcore.runs.answers import answers_of
from tlcore.runs.liveness import run_folder
from tlcore.runs.records import Run

__all__ = ["Temperature", "fit_temperature", "forget_temperature", "kept_temperature", "temperature_of"]

NAME = "temperature.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperature:
    """What logits are divided by before the softmax, and what that did on val."""

    temperature: float
    epoch: int
    """Whose weights it was fitted for."""
    n: int
    """Val samples that it was fitted on."""
    ece_before: float
    ece_after: float
    """Expected calibration error on val, in [0, 1]."""


def fit_temperature(home: Path, run: Run) -> Temperature:
    """Fit it on the kept answers of val, and keep it.

    Raises:
        RunError: val's answers are not kept, or the file cannot be written.
    """
    found = answers_of(home, run, "val")
    if found is None:
        raise RunError(f"The answers of run {run.id} on val are not kept yet; score val first.")
    value = fitted_temperature(found.logits, found.labels)
    made = Temperature(
        temperature=value,
        epoch=found.epoch,
        n=len(found.labels),
        ece_before=calibration(found.logits, found.labels).ece,
        ece_after=calibration(found.logits, found.labels, value).ece,
    )
    _write(run_folder(home, run.id) / NAME, made)
    return made


def kept_temperature(home: Path, run: Run) -> Temperature | None:
    """That of the run's present best epoch; None where none was fitted."""
    try:
        made = Temperature(**json.loads((run_folder(home, run.id) / NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return made if made.epoch == (run.best_epoch or 0) and made.temperature > 0 else None


def temperature_of(home: Path, run: Run) -> float:
    """What the run's logits are divided by; 1 where nothing was fitted."""
    made = kept_temperature(home, run)
    return made.temperature if made else 1.0


def forget_temperature(home: Path, run: Run) -> None:
    """Let confidences be the model's own again."""
    (run_folder(home, run.id) / NAME).unlink(missing_ok=True)


def _write(path: Path, made: Temperature) -> None:
    draft = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        draft.write_text(json.dumps(asdict(made)), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        why = os.strerror(error.errno or 0)
        raise RunError(f"The temperature cannot be kept ({why}); make room, and fit it again.") from error
