"""Telling a live worker from a dead one: by its lock on this host, by its signs of life elsewhere."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path

from tlcore.lock import is_held
from tlcore.runs.records import BUSY, Command, Run
from tlcore.runs.store import Store

__all__ = ["BEAT_SECONDS", "SILENCE_SECONDS", "Watch", "boot", "here", "noticed", "run_folder"]

BEAT_SECONDS = 5.0
"""A worker gives a sign of life at least this often."""
SILENCE_SECONDS = 90.0
"""Without a sign for this long it counts as dead; longer than a backup usually locks a store."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Watch:
    """Whether a worker's count of signs still grows, by the reader's own stopwatch: no two clocks are compared."""

    def __init__(self, *, silence: float = SILENCE_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self.silence, self._clock = silence, clock
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}

    def silent(self, run: Run) -> bool:
        """Whether its count has been the same for too long, as often as this reader has looked."""
        now, sign = self._clock(), (run.claim, run.beat)
        last, since = self._seen.get(run.id, (None, now))
        if last != sign:
            self._seen[run.id] = sign, now
            return False
        return now - since > self.silence


def run_folder(home: Path, run_id: str) -> Path:
    """Where a run keeps its lock, log and weights."""
    return home / "runs" / run_id


def here(store: Store, home: Path, run: Run) -> bool:
    """Whether its worker is, or was last, one of this host and home: then its lock says whether it lives."""
    same = store.local or run.host == socket.gethostname()  # a container that is made anew has another name
    return same and (run_folder(home, run.id) / "lock").exists()


def boot() -> str:
    """Names the time since this machine, or this container, started; empty where that cannot be told."""
    with contextlib.suppress(OSError, IndexError):
        began = Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19]  # proc(5): starttime, in ticks
        return f"{_BOOT.read_text().strip()}-{began}"
    return ""


def noticed(store: Store, home: Path, run: Run, watch: Watch, *, auto_resume: bool = False) -> Run:
    """The run as it is. One that claims to work and whose worker is dead is closed as interrupted.

    If the machine restarted in the meantime and `auto_resume` is on, it is queued again instead.
    """
    if run.status not in BUSY:
        return run
    mine = here(store, home, run)
    if is_held(run_folder(home, run.id) / "lock") if mine else not watch.silent(run):
        return run
    restarted = mine and bool(run.boot) and run.boot != boot()
    if restarted and auto_resume:
        _queue_again(store, run)
    else:
        reason = _reason(run, restarted=restarted) if mine else _silence(run, watch)
        store.end(run.id, "interrupted", reason, where=BUSY, claim=run.claim, finished=store.last_seen(run.id))
    return store.run(run.id)


def _queue_again(store: Store, run: Run) -> None:
    words = "waiting to go on after a restart of the machine"
    order: Command | None = "hold" if run.sweep else None
    seen = store.last_seen(run.id)
    if store.requeue(run.id, where=BUSY, command=order, claim=run.claim, activity=words, finished=seen):
        store.note(run.id, "The machine restarted; the run goes on from its last saved state.", level="warning")


def _reason(run: Run, *, restarted: bool) -> str:
    if restarted:
        return (
            f"The machine restarted during {run.activity or 'its work'}. Resume it to go on from its last saved state; "
            "with TLSTUDIO_AUTO_RESUME=1 that happens by itself."
        )
    return (
        f"The worker process {run.pid or ''} ended without a word during {run.activity or 'its work'}: "
        "it was killed, ran out of memory, or the machine restarted. Resume it to go on from its last saved state."
    )


def _silence(run: Run, watch: Watch) -> str:
    return (
        f"Its worker on {run.host or 'another host'} has given no sign of life for {watch.silence:.0f} seconds: it was "
        "killed, or that machine is down or cut off. Resume it to go on from its last saved state."
    )
