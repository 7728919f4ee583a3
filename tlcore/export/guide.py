"""What a folder of exports says of itself: which model this is, and of each form its files, its use and its check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tlcore.export.card import plain
from tlcore.export.catalogue import known
from tlcore.export.making import Made
from tlcore.export.subject import Subject

__all__ = ["NAME", "free_name", "guide"]

NAME = "README.md"
OTHER = "TAKE-HOME.md"
"""Where a README.md of somebody else is there already."""
MARK = "<!-- Written by the export of a run. -->"
SAMPLES = {"image": "photo.jpg", "text": '"a text"'}


def guide(made: Sequence[Made], subject: Subject, root: Path) -> str:
    """Markdown; the model card first, where it is one of the forms."""
    card = next((one for one in made if one.format == "card"), None)
    first = (root / "card" / NAME).read_text(encoding="utf-8") if card else f"{_model(subject)}\n"
    forms = "\n".join(_form(one, subject) for one in made if one is not card)
    return f"{first}\n## What is here, and how it is used\n\n{forms}\n{MARK}\n" if forms else f"{first}\n{MARK}\n"


def free_name(folder: Path) -> str:
    """Under which name it may be written into a folder without taking anybody's own README away."""
    try:
        return NAME if MARK in (folder / NAME).read_text(encoding="utf-8", errors="replace") else OTHER
    except FileNotFoundError:
        return NAME
    except OSError:
        return OTHER


def _model(subject: Subject) -> str:
    cooled = (
        f"logits divided by the temperature {subject.temperature:.4g}, fitted on validation data"
        if subject.temperature != 1.0
        else "logits; no temperature was fitted"
    )
    names = ", ".join(map(plain, subject.classes))
    return (
        f"# {plain(subject.name)}\n\nRun `{subject.run}`, the weights of epoch {subject.epoch:,}: "
        f"{plain(subject.record.title)}, which tells {len(subject.classes)} classes of {subject.record.modality}s "
        f"apart: {names}. Probabilities are the softmax of {cooled}."
    )


def _form(one: Made, subject: Subject) -> str:
    form = known(one.format, subject.dataset.modality, subject.recipe.strategy.name)
    files = sorted({name.split("/")[0] + ("/" if "/" in name else "") for name in one.files})
    where = f"`{form.place}/`: " if form.place else ""
    use = form.use.replace("SAMPLE", SAMPLES[subject.record.modality])
    caution = f"\n\nCaution: {one.caution}" if one.caution else ""
    listed = ", ".join(f"`{name}`" for name in files)
    return f"### {form.title}\n\n{where}{listed}\n\n{use}\n\n{one.words}{caution}\n"
