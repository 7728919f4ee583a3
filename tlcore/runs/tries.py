"""What people try on a run: their inputs in a folder of the run's own, under a name nobody guesses, for a day."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tlcore.data.limits import Limits
from tlcore.data.names import file_name, readable
from tlcore.errors import DataError
from tlcore.runs import jobs
from tlcore.runs.liveness import run_folder

__all__ = ["LIMITS", "MOST_INPUTS", "Try", "answers", "begun", "keep_answers", "opened", "picture_of", "sweep"]

MIB = 2**20
LIMITS = Limits(
    max_files=2_000, max_bytes=256 * MIB, max_file_bytes=64 * MIB, max_table_bytes=32 * MIB, max_rows=20_000
)
"""Of one try; the command line has those of an upload."""
MOST_INPUTS = 2_000
"""Answered in one try; more are for the command line."""
MOST_TRIES = 40
"""Kept of a run; the oldest go."""
STALE_SECONDS = 24 * 3600
TOKEN = re.compile(r"[0-9a-f]{32}")
CHUNK = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """Some inputs, on disk."""

    token: str
    """32 hex characters that only who brought them knows."""
    folder: Path
    files: tuple[str, ...]
    """Names of the files, made safe, in the order in which they were brought; below `folder / "files"`."""
    texts: tuple[str, ...]
    """Texts that were typed."""
    names: tuple[str, ...] = ()
    """What the first of these texts are called, where they have names."""


def begun(
    home: Path,
    run: str,
    *,
    files: Sequence[tuple[str, BinaryIO]] = (),
    texts: Sequence[str] = (),
    names: Sequence[str] = (),
    now: float = 0.0,
) -> Try:
    """Keep inputs; what is old goes.

    Args:
        names: What the texts are called, instead of by their numbers.

    Raises:
        DataError: too many, or too large.
    """
    _check(files, texts)
    sweep(home, run, now or time.time())
    token = secrets.token_hex(16)
    folder = _place(home, run, token)
    (folder / "files").mkdir(parents=True)
    try:
        safe = [_copied(stream, folder / "files", number, name) for number, (name, stream) in enumerate(files)]
        asked = {"files": safe, "texts": list(texts), "names": [readable(name) for name in names]}
        (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Try(token=token, folder=folder, files=tuple(safe), texts=tuple(texts), names=tuple(asked["names"]))


def opened(home: Path, run: str, token: str) -> Try | None:
    """What was kept under a token; None where it is gone."""
    if not TOKEN.fullmatch(token):
        return None
    folder = _place(home, run, token)
    try:
        asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Try(
        token=token,
        folder=folder,
        files=tuple(asked["files"]),
        texts=tuple(asked["texts"]),
        names=tuple(asked.get("names", ())),
    )


def keep_answers(of: Try, by: str, plain: Mapping[str, Any]) -> None:
    """Write what the run `by` answered, whole or not at all."""
    draft = of.folder / f".{os.getpid()}-{by}.json"
    draft.write_text(json.dumps(plain), encoding="utf-8")
    draft.replace(of.folder / f"answers-{by}.json")


def answers(of: Try, by: str) -> Mapping[str, Any] | None:
    """What the run `by` answered; None where it has not."""
    try:
        found: dict[str, Any] = json.loads((of.folder / f"answers-{by}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def picture_of(of: Try, place: int) -> Path:
    """Where a small copy of the input in that place lies, if it is an image that could be read."""
    return of.folder / "pictures" / f"{place}.webp"


def sweep(home: Path, run: str, now: float) -> None:
    """Remove tries that are a day old, and the oldest of too many, each with what was asked about it."""
    ages = {path: path.stat().st_mtime for path in (run_folder(home, run) / "tries").glob("*")}
    newest = sorted(ages, key=ages.__getitem__, reverse=True)
    for place, path in enumerate(newest):
        if place >= MOST_TRIES - 1 or now - ages[path] > STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
            jobs.erase(home, path.name)


def _place(home: Path, run: str, token: str) -> Path:
    return run_folder(home, run) / "tries" / token


def _check(files: Sequence[tuple[str, BinaryIO]], texts: Sequence[str]) -> None:
    if len(files) > MOST_INPUTS or len(texts) > MOST_INPUTS:
        raise DataError(f"Up to {MOST_INPUTS:,} inputs are answered here at once; use the command line for more.")
    long = next((text for text in texts if len(text) > LIMITS.max_text_chars), None)
    if long is not None:
        raise DataError(f"A text has {len(long):,} characters, {LIMITS.max_text_chars:,} are allowed; cut it.")
    n_bytes = sum(stream.seek(0, 2) for _, stream in files)
    if n_bytes > LIMITS.max_bytes:
        raise DataError(f"{n_bytes:,} bytes were brought, {LIMITS.max_bytes:,} are allowed; bring fewer files.")


def _copied(stream: BinaryIO, folder: Path, number: int, name: str) -> str:
    """The number before the name keeps files of one name apart."""
    safe = f"{number:04d}-{file_name(readable(name))}"
    stream.seek(0)
    with (folder / safe).open("xb") as file:
        while chunk := stream.read(CHUNK):
            file.write(chunk)
    return safe
