"""(i): from a launch to the first optimizer step, and how many times longer the imports alone take a fresh process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.timing import Row, stopwatch
from tests.conftest import end_processes
from tlcore.data import add_sample
from tlcore.runs import Studio
from tlcore.training import Recipe

__all__ = ["measure"]

TIMES, WARM_SECONDS = 5, 30.0
COLD = "import tlcore.runs.worker, timm, torchvision.models"


def measure(folder: Path) -> Iterator[Row]:
    """The first launch computes its features, the later ones have them; all find the nursery warm."""
    home = folder / "home"
    home.mkdir()
    studio, dataset = Studio(home), add_sample("digits", home)
    studio.warm()
    time.sleep(WARM_SECONDS)
    fresh, *later = (_launch(studio, dataset.id, seed) for seed in range(TIMES + 1))
    end_processes(home)
    with stopwatch() as cold:
        subprocess.run([sys.executable, "-c", COLD], check=True)
    known = median(later)
    yield Row(claim="i", subject="launch to first step, nothing cached", seconds=fresh, target="<= 2 s")
    yield Row(claim="i", subject="launch to first step, features known", seconds=known, target="<= 2 s")
    yield Row(
        claim="i",
        subject="a fresh process that only imports what a worker needs",
        seconds=cold.seconds,
        ratio=cold.seconds / known,
        means="of a launch, features known",
    )


def _launch(studio: Studio, dataset: str, seed: int) -> float:
    """Seconds until the worker noted its first step; the run is then ended."""
    recipe = Recipe(dataset=dataset, backbone="efficientnet_lite0", epochs=50, seed=seed)
    begun = time.time()
    run = studio.launch(recipe).id
    while not (steps := [point for point in studio.points(run) if point.scope == "step"]):
        found = studio.run(run)
        if not found.live:
            raise RuntimeError(found.reason)
        time.sleep(0.01)
    while studio.stop(run).live:
        time.sleep(0.05)
    return steps[0].time - begun
