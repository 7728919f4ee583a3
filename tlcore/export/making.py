"""Writing a form of a model: once, whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlcore.errors import RunError
from tlcore.export.catalogue import Form, Tell, known

if TYPE_CHECKING:
    from tlcore.export.subject import Subject

__all__ = ["RECORD", "REVISION", "Made", "found", "make", "room", "single"]

RECORD = "made.json"
REVISION = 4
"""Of the writers: what an earlier one made is made anew."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FULL_BYTES = 2**20
"""Free space below which whatever a writer complains of is the full disk: libraries say it in many ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was written."""

    format: str
    files: Mapping[str, int]
    """Paths below its folder, and their bytes."""
    words: str
    """What was checked, or what to know."""
    caution: str = ""
    """What speaks against using it; empty where nothing does."""
    seconds: float = 0.0
    """It took to write and check, without what it needs."""
    at: float = 0.0
    """Unix seconds at which that was done; 0 where it is not known."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    revision: int = REVISION

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
        plain = json.loads((root / name / RECORD).read_text(encoding="utf-8"))
        return Made(**plain) if plain.get("revision") == REVISION else None
    except (OSError, ValueError, TypeError, AttributeError):
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
    return _write(form, subject, root, lambda share, words: tell((parts - 1 + share) / parts, words))


def _write(form: Form, subject: Subject, root: Path, tell: Tell) -> Made:
    root.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=root, prefix=".new-") as draft, room(root):
        folder = Path(draft) / form.name
        folder.mkdir()
        module, _, function = form.writer.partition(":")
        said = getattr(import_module(module), function)(subject, folder, root, tell)
        made = Made(
            format=form.name,
            files=_files(folder),
            words=said["words"],
            caution=said.get("caution", ""),
            seconds=time.monotonic() - began,
            at=time.time(),
            figures={key: value for key, value in said.items() if key not in ("words", "caution")},
        )
        (folder / RECORD).write_text(json.dumps(made.to_dict()), encoding="utf-8")
        return _placed(folder, root, made)


def _placed(folder: Path, root: Path, made: Made) -> Made:
    """Into its place, unless another process was there first: that one's files may be read by now."""
    if before := found(made.format, root):
        return before
    shutil.rmtree(root / made.format, ignore_errors=True)
    try:
        folder.replace(root / made.format)
    except OSError:
        if before := found(made.format, root):
            return before
        raise
    return made


@contextmanager
def room(root: Path) -> Iterator[None]:
    """A disk that is full is said as a sentence.

    Raises:
        RunError: there is no room.
    """
    try:
        yield
    except Exception as error:
        full = any(getattr(error, "errno", None) == code or os.strerror(code) in str(error) for code in FULL)
        if full or (root.is_dir() and shutil.disk_usage(root).free < FULL_BYTES):
            raise RunError(
                f"The disk of {root.parent} is full, so nothing was kept of what was begun; make room and try again."
            ) from error
        raise


def single(made: Made, root: Path) -> Path | None:
    """The one file of a form that has only one."""
    return root / made.format / next(iter(made.files)) if len(made.files) == 1 else None


def _files(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()
    }
