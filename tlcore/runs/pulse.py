"""A worker's signs of life, also while one step or a download takes minutes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from tlcore.errors import StoreError
from tlcore.runs.liveness import BEAT_SECONDS
from tlcore.runs.store import Store

__all__ = ["pulse"]


@contextlib.contextmanager
def pulse(store: Store, run_id: str, claim: int, *, every: float = BEAT_SECONDS) -> Iterator[None]:
    """Give one every so many seconds for the length of the block, as long as the run is this worker's."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(every):
            with contextlib.suppress(StoreError):
                if not store.record(run_id, claim=claim):
                    return

    thread = threading.Thread(target=beat, name="pulse", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=every)
