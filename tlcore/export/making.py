"""Writing a form of a model: once, whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlcore.export.catalogue import Tell, known

if TYPE_CHECKING:
    from tlcore.export.subject import Subject

__all__ = ["RECORD", "Made", "found", "make"]

RECORD = "made.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was written."""

    format: str
    files: Mapping[str, int]
    """Paths below its folder, and their bytes."""
    words: str
    """What was checked, or what to know."""
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_bytes(self) -> int:
        """All files together."""
        return sum(self.files.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def found(name: str, root: Path) -> Made | None:
    """What `make` wrote before, if it is still there."""
    try:
        return Made(**json.loads((root / name / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def make(name: str, subject: Subject, root: Path, tell: Tell = lambda share, words: None) -> Made:
    """Write a form, and what it needs, into folders of `root`; each appears whole or not at all.

    What is there already is taken as it is.

    Raises:
        ExportError: the form is unknown or not for this run, or what was written does not say what the model says.
    """
    form = known(name, subject.dataset.modality, subject.recipe.strategy.name)
    if before := found(form.name, root):
        return before
    parts = len(form.needs) + 1
    for i, need in enumerate(form.needs):
        make(need, subject, root, lambda share, words, i=i: tell((i + share) / parts, words))  # type: ignore[misc]
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".new-") as draft:
        folder = Path(draft) / form.name
        folder.mkdir()
        module, _, function = form.writer.partition(":")
        write = getattr(import_module(module), function)
        said = write(subject, folder, root, lambda share, words: tell((parts - 1 + share) / parts, words))
        figures = {key: value for key, value in said.items() if key != "words"}
        made = Made(format=form.name, files=_files(folder), words=said["words"], figures=figures)
        (folder / RECORD).write_text(json.dumps(made.to_dict()), encoding="utf-8")
        shutil.rmtree(root / form.name, ignore_errors=True)
        folder.replace(root / form.name)
    return made


def _files(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()
    }
