"""(e): memory of bringing data and of embedding it, against the number of images."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench import material
from bench.timing import Row

__all__ = ["measure"]

SIZES = (1_000, 4_000, 16_000)
SIDE = 64


def measure(folder: Path) -> Iterator[Row]:
    """Peak resident memory of a process of its own for each size."""
    first = 0.0
    for n in SIZES:
        source = material.pictures(folder / str(n), n, side=SIDE)
        command = [sys.executable, "-m", "bench.memory", str(source), str(folder / f"home-{n}")]
        peak = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        first = first or peak
        yield Row(
            claim="e",
            subject=f"bringing {n:,} images: {peak:.0f} MB at most",
            ratio=peak / first,
            means="of the smallest",
            target="flat",
        )


if __name__ == "__main__":
    from tlcore.data import ingest

    ingest(Path(sys.argv[1]), Path(sys.argv[2]))
    # The kernel's high-water mark of this address space; getrusage would pass on the parent's.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(int(status["VmHWM"].split()[0]) / 1024)
