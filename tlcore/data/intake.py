"""Reading, proving and storing image files on all cores, a few at a time."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from itertools import islice
from pathlib import Path

from tlcore.data.images import check_image
from tlcore.data.layout import Placed
from tlcore.data.limits import Limits
from tlcore.data.problems import Findings, Rejected
from tlcore.data.selection import Item
from tlcore.data.sources import Source

__all__ = ["take_in"]

MAX_THREADS = 16
AHEAD = 4
"""Files under way for each thread."""
LARGE_BYTES = 16 * 2**20
"""Larger files are held in memory one at a time."""
ADVICE = {
    (".mp4", ".mov", ".avi", ".mkv", ".webm"): "Save single frames of the video as JPEG.",
    (".psd", ".ai", ".svg", ".pdf", ".eps", ".dcm", ".nef", ".cr2", ".dng"): "Save it as PNG or JPEG.",
}


def take_in(
    placed: Sequence[Placed],
    source: Source,
    folder: Path,
    limits: Limits,
    findings: Findings,
    progress: Callable[[int, int], None],
) -> list[Item]:
    """Copy every sound image to `folder / "files"` under its digest; the others go to the findings."""
    (folder / "files").mkdir()
    intake = _Intake(source, folder / "files", limits)
    items: list[Item] = []
    for done, (one, result) in enumerate(zip(placed, _results(intake, placed), strict=True), start=1):
        if isinstance(result, Item):
            items.append(result)
        else:
            findings.leave_out(one.entry.origin, result.reason, _advice(one.entry.path, result.advice))
        progress(done, len(placed))
    return items


def _results(intake: _Intake, placed: Sequence[Placed]) -> Iterator[Item | Rejected]:
    """In order, with a bounded number under way."""
    n_threads = min(MAX_THREADS, _n_cores())
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="intake")
    waiting = iter(placed)
    try:
        under_way: deque[Future[Item | Rejected]] = deque(
            pool.submit(intake.take, one) for one in islice(waiting, AHEAD * n_threads)
        )
        while under_way:
            result = under_way.popleft().result()
            under_way.extend(pool.submit(intake.take, one) for one in islice(waiting, 1))
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _n_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Intake:
    """What the threads share."""

    def __init__(self, source: Source, folder: Path, limits: Limits) -> None:
        self._source, self._folder, self._limits = source, folder, limits
        self._large = threading.RLock()

    def take(self, placed: Placed) -> Item | Rejected:
        """Read, decode, store."""
        try:
            with self._large if placed.entry.size > LARGE_BYTES else nullcontext():
                sample, digest = self._stored(placed)
        except Rejected as rejected:
            return rejected
        return Item(
            label=placed.label, digest=digest, sample=sample, origin=placed.entry.origin, split=placed.split,
            group=placed.group,
        )  # fmt: skip

    def _stored(self, placed: Placed) -> tuple[str, str]:
        if placed.entry.size > self._limits.max_file_bytes:
            raise Rejected(f"larger than {self._limits.max_file_bytes:,} bytes", "Scale the image down.")
        data = self._source.read(placed.entry, self._limits.max_file_bytes)
        if not data:
            raise Rejected("empty (0 bytes)", "Export or copy the image again.")
        suffix = check_image(data, self._limits, lambda: self._large)
        digest = hashlib.sha256(data).hexdigest()[:32]
        sample = f"{digest[:2]}/{digest}{suffix}"
        path = self._folder / sample
        path.parent.mkdir(exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:  # a copy; whoever came first writes it
            pass
        return sample, digest


def _advice(path: str, usual: str) -> str:
    return next((advice for suffixes, advice in ADVICE.items() if path.lower().endswith(suffixes)), usual)
