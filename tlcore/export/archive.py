"""Several forms of a model as one zip, which says at its top what is what."""

from __future__ import annotations

import os
import shutil
import stat
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tlcore.errors import ExportError
from tlcore.export.catalogue import Tell, known
from tlcore.export.guide import NAME, guide
from tlcore.export.making import Made, make, room
from tlcore.export.subject import Subject

__all__ = ["layout", "pack", "together"]

FOR_ALL = stat.S_IFREG | 0o644
"""Libraries write weights that their owner alone may read."""
CHUNK = 2**20


def together(
    names: Sequence[str],
    subject: Subject,
    root: Path,
    tell: Tell,
    *,
    weights: Mapping[str, float] | None = None,
    refused: Callable[[str, ExportError], None] | None = None,
) -> tuple[Made, ...]:
    """Make all of them, those that are there already excepted.

    Args:
        weights: Which share of the time each takes; the same for all without.
        refused: Takes the name of a form that cannot be offered, and why; it is left out. Without, that ends all.

    Raises:
        ExportError: a form cannot be offered, and nobody hears of it otherwise; or none of several can.
    """
    parts = [(weights or {}).get(name, 1.0) for name in names]
    total, made, last = max(sum(parts), 1e-9), list[Made](), None
    for i, name in enumerate(names):
        begin, part = sum(parts[:i]) / total, parts[i] / total
        title = known(name, subject.dataset.modality, subject.recipe.strategy.name).title
        told = _within(tell, begin, part, f"{title}: " if len(names) > 1 else "")
        try:
            made.append(make(name, subject, root, told))
        except ExportError as error:
            if refused is None:
                raise
            refused(name, error)
            last = error
    if last and not made:
        raise last
    return tuple(made)


def _within(tell: Tell, begin: float, part: float, title: str) -> Tell:
    """What is told of a part, told of the whole."""
    return lambda share, words: tell(begin + share * part, title + words)


def layout(made: Sequence[Made], subject: Subject, root: Path) -> dict[str, Path]:
    """Where each file lies in the archive, and where it is now; README.md, which `guide` says, is not among them.

    Files of the same name are the same.
    """
    placed: dict[str, Path] = {}
    for one in made:
        form = known(one.format, subject.dataset.modality, subject.recipe.strategy.name)
        for name in one.files:
            if one.format != "card":
                placed.setdefault(f"{form.place}/{name}" if form.place else name, root / form.name / name)
    return placed


def pack(made: Sequence[Made], subject: Subject, root: Path, path: Path, tell: Tell) -> Path:
    """Write the zip, aside at first. Weights do not get smaller, so they are stored as they are."""
    placed = layout(made, subject, root)
    draft = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        with room(root), zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for i, (name, source) in enumerate(sorted(placed.items())):
                tell(i / len(placed), f"writing {name}")
                _add(archive, source, f"{subject.run}/{name}")
            top = zipfile.ZipInfo(f"{subject.run}/{NAME}", time.localtime()[:6])
            top.external_attr = FOR_ALL << 16
            archive.writestr(top, guide(made, subject, root))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def _add(archive: zipfile.ZipFile, source: Path, name: str) -> None:
    """A file that everybody may read where it is unpacked, whatever its mode is here."""
    entry = zipfile.ZipInfo.from_file(source, name)
    entry.external_attr = FOR_ALL << 16
    with source.open("rb") as data, archive.open(entry, "w") as packed:
        shutil.copyfileobj(data, packed, CHUNK)
