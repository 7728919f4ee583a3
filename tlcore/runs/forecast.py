"""How long an export will take and how large it will be: from what was made before of the same backbone, here."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tlcore.export import FORMS
from tlcore.export.making import Made
from tlcore.runs.records import Run
from tlcore.zoo import backbone

__all__ = ["LOADING", "Forecast", "forecast", "learned", "remember", "seconds_of"]

LOADING = "loading"
"""Reading the run's model and data, which comes before any form."""
FIRST_SECONDS: Mapping[str, float] = {LOADING: 5.0, "onnx": 20.0, "int8": 40.0, "torch": 15.0, "torchscript": 8.0}
"""A guess where nothing was made yet; the rest is little but reading and writing."""
AGAIN: Mapping[str, str] = {"service": "onnx"}
"""Forms whose large file is another's too."""
OTHER_SECONDS = 3.0
READ_BYTES = 100e6
"""Bytes a second of weights written, read again and compared: part of the guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Of several forms together."""

    seconds: float
    """Without what is there already."""
    n_bytes: int
    """Of what is handed out: an archive holds a file of two forms once."""
    n_new: int
    """Bytes that it takes on the disk, archive included."""
    measured: bool
    """All of it follows from what this machine has made before; else part of it is a guess."""


def forecast(home: Path, run: Run, names: Sequence[str], made: Mapping[str, Made]) -> Forecast:
    """Of forms of a run by their names; `made` are those that it has."""
    known, due = learned(home, run.backbone), _due(names, made)
    sizes = {name: made[name].n_bytes if name in made else _bytes_of(known, run, name) for name in {*names, *due}}
    handed = sum(sizes[name] for name in names if not (name in AGAIN and AGAIN[name] in names))
    wanted = [LOADING, *due]
    return Forecast(
        seconds=sum(seconds_of(known, run, name) for name in wanted),
        n_bytes=handed,
        n_new=sum(sizes[name] for name in due) + (handed if len(names) > 1 else 0),
        measured=all(name in known for name in wanted),
    )


def seconds_of(known: Mapping[str, tuple[float, int]], run: Run, name: str) -> float:
    """Of one form, as it took last time or as one may guess."""
    if name in known:
        return known[name][0]
    return FIRST_SECONDS.get(name, OTHER_SECONDS) + _bytes_of({}, run, name) / READ_BYTES


def learned(home: Path, name: str) -> dict[str, tuple[float, int]]:
    """Seconds and bytes that the forms of a backbone took when they were last made."""
    try:
        plain = json.loads(_place(home, name).read_text(encoding="utf-8"))
        return {str(key): (float(seconds), int(n_bytes)) for key, (seconds, n_bytes) in plain.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def remember(home: Path, name: str, took: Mapping[str, tuple[float, int]]) -> None:
    """Keep what was measured of a backbone's forms."""
    path = _place(home, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{os.getpid()}-{time.monotonic_ns()}")
    draft.write_text(json.dumps(learned(home, name) | dict(took)), encoding="utf-8")
    draft.replace(path)


def _due(names: Sequence[str], made: Mapping[str, Made]) -> list[str]:
    """What is to be made: the forms, and first what they need."""
    needs = {form.name: form.needs for form in FORMS}
    wanted = [part for name in names if name not in made for part in (*needs.get(name, ()), name)]
    return [name for name in dict.fromkeys(wanted) if name not in made]


def _bytes_of(known: Mapping[str, tuple[float, int]], run: Run, name: str) -> int:
    if name in known:
        return known[name][1]
    factor = next((form.factor for form in FORMS if form.name == name), 0.0)
    return int(factor * backbone(run.backbone).n_params)


def _place(home: Path, name: str) -> Path:
    return home / "measured" / f"takeaway-{name}.json"
