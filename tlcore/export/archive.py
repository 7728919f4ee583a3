"""Several forms of a model as one zip, which says at its top what is what."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tlcore.export.catalogue import Tell, known
from tlcore.export.making import Made, make
from tlcore.export.subject import Subject

__all__ = ["layout", "pack", "single", "together"]


def together(names: Sequence[str], subject: Subject, root: Path, tell: Tell) -> tuple[Made, ...]:
    """Make all of them, those that are there already excepted."""
    made = []
    for i, name in enumerate(names):
        made.append(make(name, subject, root, lambda s, words, i=i: tell((i + s) / len(names), words)))  # type: ignore[misc]
    return tuple(made)


def layout(made: Sequence[Made], subject: Subject, root: Path) -> dict[str, Path]:
    """Where each file lies in the archive, and where it is now. Files of the same name are the same."""
    placed: dict[str, Path] = {}
    for one in made:
        form = known(one.format, subject.dataset.modality, subject.recipe.strategy.name)
        for name in one.files:
            placed.setdefault(f"{form.place}/{name}" if form.place else name, root / form.name / name)
    return placed


def pack(made: Sequence[Made], subject: Subject, root: Path, path: Path, tell: Tell) -> Path:
    """Write the zip, aside at first. Weights do not get smaller, so they are stored as they are."""
    placed = layout(made, subject, root)
    draft = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for i, (name, source) in enumerate(sorted(placed.items())):
                tell(i / len(placed), f"writing {name}")
                archive.write(source, f"{subject.run}/{name}")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def single(made: Made, root: Path) -> Path | None:
    """The one file of a form that has only one."""
    return root / made.format / next(iter(made.files)) if len(made.files) == 1 else None
