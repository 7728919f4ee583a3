"""What a folder of exports says of itself: which model this is, and of each form its files, its use and its check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tlcore.export.card import plain
from tlcore.export.catalogue import known
from tlcore.export.making import Made
from tlcore.export.sections import Section, lasting, sections
from tlcore.export.snippet import runtime
from tlcore.export.subject import Subject

__all__ = ["NAME", "free_name", "guide"]

NAME = "README.md"
OTHER = "TAKE-HOME.md"
"""Where a README.md of somebody else is there already."""
MARK = "<!-- Written by the export of a run. -->"
HEADING = "## What is here, and how it is used"
GRAPHS = ("onnx", "int8")
"""Forms that are nothing but a graph, so that it is said how one is asked."""
SAMPLES = {"image": "photo.jpg", "text": '"a text"'}


def guide(made: Sequence[Made], subject: Subject, root: Path, folder: Path | None = None) -> str:
    """Markdown; the model card first, where it is one of the forms.

    Args:
        folder: Where it is about to be written, beside what earlier exports left: what they said of it is kept.
    """
    card, of = next((one for one in made if one.format == "card"), None), _of(subject)
    new = [_section(one, subject) for one in made if one is not card]
    before = _before(folder) if folder else ""
    first = (root / "card" / NAME).read_text(encoding="utf-8") if card else _first(before, of) or _model(subject)
    parts = "\n".join(one.markdown(of) for one in (*new, *(_kept(before, new, folder) if folder else ())))
    listed = f"{HEADING}\n\n{parts}\n" if parts else ""
    return f"{first.rstrip()}\n\n{listed}<!-- {of} -->\n{MARK}\n"


def free_name(folder: Path) -> str:
    """Under which name it may be written into a folder without taking anybody's own README away."""
    try:
        return NAME if MARK in (folder / NAME).read_text(encoding="utf-8", errors="replace") else OTHER
    except FileNotFoundError:
        return NAME
    except OSError:
        return OTHER


def _of(subject: Subject) -> str:
    return f"run `{subject.run}`, epoch {subject.epoch}, temperature {subject.temperature:.4g}"


def _before(folder: Path) -> str:
    """What an earlier export says there; empty where none does."""
    try:
        said = (folder / free_name(folder)).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return said if MARK in said else ""


def _first(before: str, of: str) -> str:
    """The card that an earlier export of the same model wrote; empty where there is none."""
    mark = f"<!-- {of} -->"
    return before.partition(HEADING)[0].partition(mark)[0] if before.startswith("---") and mark in before else ""


def _kept(before: str, new: Sequence[Section], folder: Path) -> tuple[Section, ...]:
    told = sections(before)
    written = {name for one in new for name in one.files}
    return lasting(told, new, written, {name for one in told for name in one.files if (folder / name).is_file()})


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


def _section(one: Made, subject: Subject) -> Section:
    form = known(one.format, subject.dataset.modality, subject.recipe.strategy.name)
    files = sorted({name.split("/")[0] + ("/" if "/" in name else "") for name in one.files})
    where = f"`{form.place}/`: " if form.place else ""
    use = form.use.replace("SAMPLE", SAMPLES[subject.record.modality])
    caution = f"\n\nCaution: {one.caution}" if one.caution else ""
    listed = ", ".join(f"`{name}`" for name in files)
    graph = next((name for name in one.files if form.name in GRAPHS and name.endswith(".onnx")), "")
    lines = f"\n\n{runtime(subject.record.modality, graph)}" if graph else ""
    return Section(
        title=form.title,
        of=_of(subject),
        files=tuple(f"{form.place}/{name}" if form.place else name for name in one.files),
        body=f"{where}{listed}\n\n{use}{lines}\n\n{one.words}{caution}",
    )
