"""A run's model in the forms in which it is taken home: made once, kept with the run, and gone with it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlcore.errors import ExportError, RunError
from tlcore.export import Tell, offered
from tlcore.export.making import RECORD, Made, found, room, single
from tlcore.runs.answers import answers_of
from tlcore.runs.forecast import LOADING, forecast, learned, remember, seconds_of
from tlcore.runs.liveness import run_folder
from tlcore.runs.records import Run
from tlcore.runs.store import open_store
from tlcore.runs.temperature import kept_temperature, temperature_of

if TYPE_CHECKING:
    from tlcore.export.subject import Fitted, Subject

__all__ = [
    "ARCHIVE",
    "file_of",
    "handed",
    "kept",
    "outdated",
    "place",
    "prepared",
    "pushed",
    "ready",
    "standard",
    "subject",
    "taken",
]

ARCHIVE = "take-home.zip"
ARCHIVES = 3
"""Of one run, that are kept: the newest."""
Refused = Callable[[str, ExportError], None]
"""Takes the name of a form that cannot be offered, and why."""
STANDARD = ("native", "adapter", "huggingface", "onnx", "script", "card", "service")
"""What an archive holds unless it is said otherwise; of these what the run can have."""


def place(home: Path, run: Run, temperature: float | None = None) -> Path:
    """Where the forms of its best epoch and of its temperature lie: those of others are others."""
    by = temperature_of(home, run) if temperature is None else temperature
    return run_folder(home, run.id) / "takeaway" / (str(run.best_epoch or 0) + (f"-t{by!r}" if by != 1.0 else ""))


def kept(home: Path, run: Run) -> dict[str, Made]:
    """What was made already, by name."""
    forms = offered(run.modality, run.strategy, hidden=True)
    return {form.name: made for form in forms if (made := found(form.name, place(home, run)))}


def outdated(home: Path, run: Run) -> bool:
    """Whether forms of its best epoch were made that hold another temperature than the run has now."""
    now, epoch = place(home, run), str(run.best_epoch or 0)
    return any(
        record.parent.parent != now and record.parent.parent.name.partition("-t")[0] == epoch
        for record in now.parent.glob(f"*/*/{RECORD}")
    )


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
        temperature=temperature_of(home, run),
        fitted=_fitted(home, run),
        stopped=0 if run.status == "finished" else run.epoch,
    )


def _fitted(home: Path, run: Run) -> Fitted | None:
    """How the run's temperature was fitted, and its errors on test where the run's answers are kept."""
    from tlcore.evaluation.calibration import calibration
    from tlcore.export.subject import Fitted

    kept, test = kept_temperature(home, run), answers_of(home, run)
    if kept is None or test is None or not len(test.labels):
        return Fitted(n=kept.n) if kept else None
    raw, cooled = (calibration(test.logits, test.labels, by).ece for by in (1.0, kept.temperature))
    return Fitted(n=kept.n, n_test=len(test.labels), ece_raw=raw, ece=cooled)


def prepared(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The job: one form, or an archive of several. `about` has the run, its best epoch, its temperature, and the
    forms' names."""
    run = open_store(home).run(about["run"])
    if run.best_epoch != about["epoch"]:
        raise RunError(f"Run {run.id} has another best epoch by now: draw the page anew, and prepare that one.")
    if temperature_of(home, run) != about["temperature"]:
        raise RunError(f"Run {run.id} has another temperature by now: draw the page anew, and prepare that one.")
    with _there(home, run) as still:

        def told(share: float, words: str) -> None:
            still()
            tell(share, words)

        names, why = tuple(about["formats"]), dict[str, str]()
        refused = None if len(names) == 1 else lambda name, error: why.update({name: str(error)})
        given, made = _made(home, run, names, lambda share, words: told(0.95 * share, words), refused)
        root = place(home, run, given.temperature)
        alone = single(made[0], root) if len(names) == 1 else None
        with room(root):
            path = alone or _packed(made, given, root, lambda s, words: told(0.95 + 0.05 * s, words))
        return {
            "file": path.relative_to(root).as_posix(),
            "bytes": path.stat().st_size,
            "made": [m.to_dict() for m in made],
            "refused": why,
        }


def _packed(made: tuple[Made, ...], given: Subject, root: Path, tell: Tell) -> Path:
    """An archive of its own for each choice of forms: two people may want different ones at once."""
    from tlcore.export.archive import pack

    folder = root / f"archive-{'-'.join(one.format for one in made)}"
    folder.mkdir(exist_ok=True)
    for old in sorted(root.glob("archive-*"), key=lambda path: -path.stat().st_mtime)[ARCHIVES:]:
        shutil.rmtree(old, ignore_errors=True)
    return pack(made, given, root, folder / (ARCHIVE if len(made) > 1 else f"{made[0].format}.zip"), tell)


def _made(
    home: Path, run: Run, names: tuple[str, ...], tell: Tell, refused: Refused | None = None
) -> tuple[Subject, tuple[Made, ...]]:
    """The forms, and how long each took remembered for the next forecast.

    Raises:
        RunError: they would not fit on the disk.
    """
    from tlcore.export.archive import together

    before, known = kept(home, run), learned(home, run.backbone)
    _check_room(home, forecast(home, run, names, before).n_new)
    tell(0.0, "loading the model")
    began = time.monotonic()
    given = subject(home, run.id)
    loading = time.monotonic() - began
    weights = {name: 0.1 if name in before else seconds_of(known, run, name) for name in names}
    start = loading / (loading + sum(weights.values()))
    made = together(
        names,
        given,
        place(home, run, given.temperature),
        lambda share, words: tell(start + (1 - start) * share, words),
        weights=weights,
        refused=refused,
    )
    new = {name: one for name, one in kept(home, run).items() if name not in before}
    remember(
        home,
        run.backbone,
        {LOADING: (loading, 0)} | {name: (one.seconds, one.n_bytes) for name, one in new.items()},
    )
    return given, made


def _check_room(home: Path, n_bytes: int) -> None:
    free = shutil.disk_usage(home).free
    if n_bytes > free:
        raise RunError(
            f"This takes about {n_bytes:,} bytes, and the disk of {home} has {free:,} free: make room, or choose fewer "
            "forms."
        )


@contextmanager
def _there(home: Path, run: Run) -> Iterator[Callable[[], None]]:
    """A check that the run is not deleted; what was written of one that is goes too.

    Raises:
        RunError: it was deleted in the meantime.
    """
    folder = run_folder(home, run.id)

    def still() -> None:
        if not (folder / "best.safetensors").is_file():
            raise RunError(f"Run {run.id} was deleted while it was being exported, so there is nothing to hand out.")

    try:
        yield still
        still()
    except Exception:
        if open_store(home).has(run.id):
            raise
        shutil.rmtree(folder, ignore_errors=True)
        still()
        raise


def handed(home: Path, run: Run, one: Made) -> str | None:
    """The name of the only file of a form that was made, for `file_of`; None where it has several."""
    path = single(one, place(home, run))
    return path.relative_to(place(home, run)).as_posix() if path else None


def file_of(home: Path, run: Run, name: str) -> Path | None:
    """A file that a job has made, by the name it gave; None where there is none, or it lies elsewhere."""
    root = place(home, run).resolve()
    path = (root / name).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None


def taken(
    home: Path,
    run_id: str,
    names: tuple[str, ...],
    out: Path,
    tell: Tell = lambda share, words: None,
    refused: Refused | None = None,
) -> tuple[Made, ...]:
    """Write forms into a folder, as an archive would hold them, and a README.md that says what is there.

    With `refused` those that cannot be are left out.

    Raises:
        ExportError: a form is unknown, or does not say what the model says.
        RunError: the run has no model, or the folder cannot be written.
    """
    from tlcore.export.archive import layout
    from tlcore.export.guide import NAME, free_name, guide

    run = open_store(home).run(run_id)
    given, made = _made(home, run, names, tell, refused)
    root = place(home, run, given.temperature)
    try:
        said = guide(made, given, root, out)
        for name, source in layout(made, given, root).items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, out / name)
        out.mkdir(parents=True, exist_ok=True)
        name = NAME if any(one.format == "card" for one in made) else free_name(out)
        (out / name).write_text(said, encoding="utf-8")
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


def pushed(
    home: Path,
    run_id: str,
    upload: Callable[[Mapping[str, Path]], str],
    tell: Tell = lambda share, words: None,
) -> str:
    """Make what goes onto the hub, and upload it; returns what `upload` does."""
    run = open_store(home).run(run_id)
    _made(home, run, _for_hub(run), tell)
    return upload(ready(home, run))


def _for_hub(run: Run) -> tuple[str, ...]:
    return ("huggingface" if run.modality == "text" else "native", "card")
