"""Getting runs started: a nursery process, with torch already imported, forks one worker per run.

It is detached from whoever asked for it, so servers and shells come and go. Asking is touching a file, the bell.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tlcore.lock import is_held, take

__all__ = ["bell", "ensure", "heard", "nursery_lock", "ring"]

PATIENT = {"OMP_WAIT_POLICY": "passive"}
"""Read when torch is loaded: threads that wait sleep. Spinning ones made a training step take six times as long beside
one other busy process, and are hardly faster alone."""


def bell(home: Path) -> Path:
    """The file whose time of change tells the nursery that something waits."""
    return home / "nursery" / "bell"


def heard(home: Path) -> float:
    """When the bell was last rung; 0 for never."""
    try:
        return bell(home).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def nursery_lock(home: Path) -> Path:
    """Held by the one nursery of this home."""
    return home / "nursery" / "lock"


def ring(home: Path) -> None:
    """Make sure there is a nursery and that it looks now."""
    bell(home).parent.mkdir(parents=True, exist_ok=True)
    bell(home).touch()
    ensure(home)


def ensure(home: Path) -> None:
    """Start a nursery unless one lives or is about to: it holds the lock from its first moment, before it has loaded
    anything, so however often this is asked, one starts."""
    lock = None if is_held(nursery_lock(home)) else take(nursery_lock(home))
    if lock is None:
        return
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        with (nursery_lock(home).parent / "log.txt").open("ab") as log:
            subprocess.Popen(
                [sys.executable, "-m", "tlcore.runs.nursery", str(home), str(lock)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[lock],
                env={**PATIENT, **os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
    finally:
        os.close(lock)
