"""A run's model in the forms in which it is taken home: made once, kept with the run, and gone with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlcore.errors import RunError
from tlcore.export import Tell, offered
from tlcore.export.making import Made, found
from tlcore.runs.liveness import run_folder
from tlcore.runs.records import Run
from tlcore.runs.store import open_store

if TYPE_CHECKING:
    from tlcore.export.subject import Subject

__all__ = ["ARCHIVE", "file_of", "kept", "place", "prepared", "pushed", "ready", "standard", "subject", "taken"]

ARCHIVE = "take-home.zip"
STANDARD = ("native", "adapter", "huggingface", "onnx", "script", "card", "service")
"""What an archive holds unless it is said otherwise; of these what the run can have."""


def place(home: Path, run: Run) -> Path:
    """Where the forms of its best epoch lie: another epoch's are others."""
    return run_folder(home, run.id) / "takeaway" / str(run.best_epoch or 0)


def kept(home: Path, run: Run) -> dict[str, Made]:
    """What was made already, by name."""
    forms = offered(run.modality, run.strategy, hidden=True)
    return {form.name: made for form in forms if (made := found(form.name, place(home, run)))}


def standard(run: Run) -> tuple[str, ...]:
    """The forms of a usual archive."""
    return tuple(form.name for form in offered(run.modality, run.strategy) if form.name in STANDARD)


def subject(home: Path, run_id: str) -> Subject:
    """The run's model with its data, on the CPU.

    Raises:
        RunError: there is no such run, or it has kept no model.
    """
    from tlcore.export.subject import Subject
    from tlcore.runs.scored import restored

    run = open_store(home).run(run_id)
    weights = run_folder(home, run_id) / "best.safetensors"
    if not run.best_epoch or not weights.is_file():
        raise RunError(f"Run {run_id} has kept no model: it is {run.status}, and no epoch of it was finished.")
    model, _, dataset, recipe = restored(home, run)
    return Subject(
        run=run.id,
        name=run.name,
        model=model,
        recipe=recipe,
        dataset=dataset,
        home=home,
        epoch=run.best_epoch,
        trained=run.finished or run.created,
        report=run.report,
        val_accuracy=run.val_accuracy,
        stopped=0 if run.status == "finished" else run.epoch,
    )


def prepared(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The job: one form, or an archive of several. `about` has the run, its best epoch, and the forms' names."""
    from tlcore.export.archive import pack, single, together

    tell(0.0, "loading the model")
    run = open_store(home).run(about["run"])
    if run.best_epoch != about["epoch"]:
        raise RunError(f"Run {run.id} has another best epoch by now: draw the page anew, and prepare that one.")
    names, root, given = about["formats"], place(home, run), subject(home, run.id)
    made = together(names, given, root, lambda share, words: tell(0.95 * share, words))
    alone = single(made[0], root) if len(made) == 1 else None
    name = ARCHIVE if len(made) > 1 else f"{made[0].format}.zip"
    path = alone or pack(made, given, root, root / name, lambda share, words: tell(0.95 + 0.05 * share, words))
    return {
        "file": path.relative_to(root).as_posix(),
        "bytes": path.stat().st_size,
        "made": [m.to_dict() for m in made],
    }


def file_of(home: Path, run: Run, name: str) -> Path | None:
    """A file that a job has made, by the name it gave; None where there is none, or it lies elsewhere."""
    root = place(home, run).resolve()
    path = (root / name).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None


def taken(
    home: Path, run_id: str, names: tuple[str, ...], out: Path, tell: Tell = lambda share, words: None
) -> tuple[Made, ...]:
    """Write forms into a folder, as an archive would hold them.

    Raises:
        ExportError: a form is unknown, or does not say what the model says.
        RunError: the run has no model, or the folder cannot be written.
    """
    import shutil

    from tlcore.export.archive import layout, together

    given = subject(home, run_id)
    root = place(home, open_store(home).run(run_id))
    made = together(names, given, root, tell)
    try:
        for name, source in layout(made, given, root).items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, out / name)
    except OSError as error:
        raise RunError(f"{out} cannot be written ({os.strerror(error.errno or 0)}); choose another place.") from error
    return made


def ready(home: Path, run: Run) -> dict[str, Path]:
    """What goes onto the hub: a text run's Hugging Face folder or an image run's native one, and the card.

    Raises:
        RunError: one of them was not made yet.
    """
    made, names = kept(home, run), _for_hub(run)
    if missing := [name for name in names if name not in made]:
        raise RunError(f"Prepare {' and '.join(missing)} first: they are what is uploaded.")
    return {name: place(home, run) / form / name for form in names for name in made[form].files}


def pushed(home: Path, run_id: str, upload: Callable[[Mapping[str, Path]], str]) -> str:
    """Make what goes onto the hub, and upload it; returns what `upload` does."""
    from tlcore.export.archive import together

    run = open_store(home).run(run_id)
    together(_for_hub(run), subject(home, run_id), place(home, run), lambda share, words: None)
    return upload(ready(home, run))


def _for_hub(run: Run) -> tuple[str, ...]:
    return ("huggingface" if run.modality == "text" else "native", "card")
