"""Short work on the side that a page waits for: measurements and downloads, done once for what they are about.

A job is a folder named by what was asked. The nursery works through those without an answer, one at a time in each
lane: what is measured has the machine to itself, and what is quick, or waits for the network, need not queue behind it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from tlcore.errors import RunError, TlcoreError
from tlcore.lock import is_held, take
from tlcore.runs import launcher
from tlcore.runs.job_kinds import KEPT, KINDS, LANES, LINGER
from tlcore.zoo import learn

__all__ = [
    "Job",
    "again",
    "answers",
    "ask",
    "cancel",
    "cancelled",
    "erase",
    "forget",
    "lane",
    "look",
    "place",
    "serve",
    "waiting",
    "work",
]

LISTEN_SECONDS = 0.02
Tell = Callable[[float, str], None]
"""Takes the share done, in [0, 1], and what is being done."""
TELL_SECONDS = 0.2
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What became of a question."""

    id: str
    kind: str
    status: Literal["new", "waiting", "running", "done", "failed"]
    share: float = 0.0
    """Done, in [0, 1]."""
    words: str = ""
    """What it does now, or why it failed."""
    seconds: float = 0.0
    """It has taken so far."""
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """An answer is on its way."""
        return self.status in ("waiting", "running")

    @property
    def left(self) -> float | None:
        """Seconds to go at the pace so far, where that can be said."""
        return self.seconds * (1 - self.share) / self.share if self.share > 0.02 else None


class _CancelledError(TlcoreError):
    """Nobody waits for the answer any more."""


def ask(home: Path, kind: str, about: Mapping[str, Any]) -> Job:
    """Have it answered unless it is; one that failed is tried again. Returns at once."""
    folder = place(home, kind, about)
    if look(home, kind, about).status in ("new", "failed"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("failed.json", "progress.json", "cancel", "began"):
            (folder / name).unlink(missing_ok=True)
        _write(folder / "asked.json", {"kind": kind, "about": dict(about)})
        launcher.ring(home)
    return look(home, kind, about)


def look(home: Path, kind: str, about: Mapping[str, Any]) -> Job:
    """The answer, or how far it is; `new` if it was never asked."""
    folder = place(home, kind, about)
    known: dict[str, Any] = {"id": folder.name, "kind": kind}
    if done := _read(folder / "answer.json"):
        return Job(**known, status="done", share=1.0, result=done)
    if failed := _read(folder / "failed.json"):
        return Job(**known, status="failed", words=failed["reason"])
    if not (folder / "asked.json").exists() or (folder / "cancel").exists():
        return Job(**known, status="new")
    told = _read(folder / "progress.json")
    if is_held(folder / "lock"):
        return Job(**known, status="running", **told)
    if (folder / "began").exists() and not (folder / "answer.json").exists():
        return Job(**known, status="failed", words="Its process was killed, perhaps for want of memory. Try again.")
    return Job(**known, status="waiting", words="waiting for its turn")


def again(home: Path, kind: str, about: Mapping[str, Any]) -> Job:
    """Have it answered anew; one that is under way goes on."""
    forget(home, kind, about)
    return ask(home, kind, about)


def forget(home: Path, kind: str, about: Mapping[str, Any]) -> None:
    """Drop the answer, because what it was about is no more."""
    if look(home, kind, about).status == "done":
        (place(home, kind, about) / "answer.json").unlink(missing_ok=True)
        (place(home, kind, about) / "asked.json").unlink(missing_ok=True)


def erase(home: Path, name: str) -> None:
    """Remove all that was asked about a run or a try of this id, and what came of it; what is at work goes on."""
    for asked in (home / "jobs").glob("*/asked.json"):
        folder = asked.parent
        if _names(_read(asked).get("about"), name) and not is_held(folder / "lock"):
            shutil.rmtree(folder, ignore_errors=True)


def _names(about: Any, name: str) -> bool:
    """Whether a value of a question is that name."""
    if isinstance(about, Mapping):
        return any(_names(value, name) for value in about.values())
    return any(_names(value, name) for value in about) if isinstance(about, list) else bool(about == name)


def answers(home: Path, kind: str) -> tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...]:
    """All answers of a kind that are kept, each with what was asked, the newest first."""
    found = sorted((home / "jobs").glob(f"{kind}-*/answer.json"), key=lambda path: -path.stat().st_mtime)
    return tuple((_read(path.with_name("asked.json")).get("about", {}), _read(path)) for path in found)


def cancel(home: Path, kind: str, about: Mapping[str, Any]) -> None:
    """Ask for an end; what was found out is dropped."""
    folder = place(home, kind, about)
    if folder.exists():
        (folder / "cancel").touch()


def cancelled(home: Path, kind: str, about: Mapping[str, Any]) -> bool:
    """Whether somebody wanted it to end, and has not asked again."""
    return (place(home, kind, about) / "cancel").exists()


def waiting(home: Path) -> tuple[Path, ...]:
    """Folders of jobs that nobody has begun, the oldest first."""
    asked = [path.parent for path in (home / "jobs").glob("*/asked.json")]
    over = ("answer.json", "failed.json", "cancel", "began")
    fresh = [folder for folder in asked if not any((folder / name).exists() for name in over)]
    return tuple(sorted(fresh, key=lambda folder: (folder / "asked.json").stat().st_mtime))


def lane(folder: Path) -> str:
    """Where a job queues."""
    return LANES.get(folder.name.rpartition("-")[0], "measure")


def work(home: Path, folder: Path) -> int:
    """Answer one, in a process of its own that holds the folder's lock; returns the exit status."""
    asked, begun, told = _read(folder / "asked.json"), time.monotonic(), 0.0

    def tell(share: float, words: str) -> None:
        nonlocal told
        if (folder / "cancel").exists():
            raise _CancelledError("Cancelled.")
        if time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            _write(folder / "progress.json", {"share": share, "words": words, "seconds": told - begun})

    learn(home)
    try:
        module, _, name = KINDS[asked["kind"]].partition(":")
        _write(folder / "answer.json", getattr(import_module(module), name)(home, asked["about"], tell))
    except _CancelledError:
        return 0
    except Exception as error:
        _LOG.exception("job %s failed", folder.name)
        known = isinstance(error, TlcoreError)
        where = f"jobs/{folder.name}/log.txt in the studio's folder has the rest"
        reason = str(error) if known else f"Something unforeseen went wrong ({type(error).__name__}); {where}."
        _write(folder / "failed.json", {"reason": reason})
        return 1
    _prune(home, asked["kind"])
    return 0


def serve(home: Path, first: Path) -> int:
    """Answer one, then what else comes into its lane while it lingers; returns the last exit status."""
    status, seconds = work(home, first), LINGER.get(lane(first), 0.0)
    until, heard = time.monotonic() + seconds, 0.0
    while time.monotonic() < until:
        rung = launcher.heard(home)
        if rung != heard:
            heard = rung
            for folder in (folder for folder in waiting(home) if lane(folder) == lane(first)):
                status, until = _answer(home, folder, status), time.monotonic() + seconds
        time.sleep(LISTEN_SECONDS)
    return status


def _answer(home: Path, folder: Path, status: int) -> int:
    """Answer one that no other process has; else the status stays."""
    lock = take(folder / "lock", create=folder.exists())
    if lock is None:
        return status
    try:
        (folder / "began").touch()
        return work(home, folder)
    finally:
        os.close(lock)


def place(home: Path, kind: str, about: Mapping[str, Any]) -> Path:
    """Where a question and its answer lie, asked or not."""
    if kind not in KINDS:
        raise RunError(f"There is no job called {kind!r}. Known: {', '.join(KINDS)}.")
    words = json.dumps([kind, about], sort_keys=True)
    return home / "jobs" / f"{kind}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def _prune(home: Path, kind: str) -> None:
    """Remove the oldest answers of a kind of which only some are kept."""
    if kind in KEPT:
        ages = {path.parent: path.stat().st_mtime for path in (home / "jobs").glob(f"{kind}-*/answer.json")}
        for old in sorted(ages, key=ages.__getitem__, reverse=True)[KEPT[kind] :]:
            shutil.rmtree(old, ignore_errors=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        plain: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return plain


def _write(path: Path, plain: Mapping[str, Any]) -> None:
    draft = path.with_name(f".{os.getpid()}-{path.name}")
    draft.write_text(json.dumps(plain), encoding="utf-8")
    draft.replace(path)
