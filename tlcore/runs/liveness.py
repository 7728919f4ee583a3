"""Telling a live worker from a dead one."""

from __future__ import annotations

import socket
from pathlib import Path

from tlcore.lock import is_held
from tlcore.runs.records import BUSY, Run
from tlcore.runs.store import Store

__all__ = ["noticed", "run_folder"]


def run_folder(home: Path, run_id: str) -> Path:
    """Where a run keeps its lock, log and weights."""
    return home / "runs" / run_id


def noticed(store: Store, home: Path, run: Run) -> Run:
    """The run as it is: closed as interrupted if it claims to work on this host and no process holds its lock."""
    if run.status not in BUSY or run.host != socket.gethostname() or is_held(run_folder(home, run.id) / "lock"):
        return run
    reason = (
        f"The worker process {run.pid or ''} ended without a word during {run.activity or 'its work'}: "
        "it was killed, ran out of memory, or the machine restarted. Resume it to go on from its last saved state."
    )
    store.end(run.id, "interrupted", reason, where=BUSY)
    return store.run(run.id)
