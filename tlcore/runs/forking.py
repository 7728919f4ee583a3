"""How a nursery's children come into the world, and how their end is worded."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

__all__ = ["ended", "fork"]


def fork(work: Callable[[], int], *, lock: int, log: Path | None = None, nice: int = 0) -> int:
    """A child that does `work` and ends with its result as exit status; returns the child's process id.

    Args:
        lock: Descriptor of the nursery's own lock, which no child may keep.
        log: Where all it prints goes, in a session of its own; without one it stays with its parent.
        nice: How far it stands back for others.
    """
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        _become(work, lock, log, nice)
    return pid


def _become(work: Callable[[], int], lock: int, log: Path | None, nice: int) -> NoReturn:
    status = 1
    try:
        os.close(lock)
        if log is not None:
            os.setsid()
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(output, 1)
            os.dup2(output, 2)
        os.nice(nice)
        status = work()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def ended(pid: int, status: int) -> str:
    """Why a worker is gone, and what to do, from what `os.waitpid` says of it."""
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        likely = " This is what the system does when memory runs out." if name == "SIGKILL" else ""
        return f"The worker process {pid} was killed by {name}.{likely} Resume it to go on from its last saved state."
    return f"The worker process {pid} ended with status {os.waitstatus_to_exitcode(status)}. The run's log has more."
