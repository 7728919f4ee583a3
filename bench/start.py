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
from tlcore.features.export import graph_path
from tlcore.runs import Studio
from tlcore.training import Recipe
from tlcore.zoo import backbones
from tlcore.zoo.weights import weights_state

__all__ = ["measure"]

TIMES, WARM_SECONDS = 5, 600.0
"""The longest that a nursery takes to import what workers need and to export the packaged backbones' graphs."""
COLD = "import tlcore.runs.worker, timm, torchvision.models"


def measure(folder: Path) -> Iterator[Row]:
    """The first launch computes its features, the later ones have them; all find a server that has come to rest."""
    home = folder / "home"
    home.mkdir()
    studio, dataset = Studio(home), add_sample("digits", home)
    studio.warm()
    _rest(home)
    fresh = _launch(studio, dataset.id, 0, epochs=1)
    later = [_launch(studio, dataset.id, seed, epochs=50) for seed in range(1, TIMES + 1)]
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


def _rest(home: Path) -> None:
    """Until the nursery has made ahead what it makes when nobody asks for anything."""
    packaged = (record for record in backbones("image") if record.package and weights_state(record, home).ready)
    ahead = {graph_path(record, home) for record in packaged}
    until = time.monotonic() + WARM_SECONDS
    while not all(path.exists() for path in ahead):
        if time.monotonic() > until:
            raise RuntimeError("The graphs were not made; see the nursery's log.")
        time.sleep(1)


def _launch(studio: Studio, dataset: str, seed: int, epochs: int) -> float:
    """Seconds until the worker noted its first step; the run is then brought to its end."""
    recipe = Recipe(dataset=dataset, backbone="efficientnet_lite0", epochs=epochs, seed=seed)
    begun = time.time()
    run = studio.launch(recipe).id
    while not (steps := [point for point in studio.points(run) if point.scope == "step"]):
        found = studio.run(run)
        if not found.live:
            raise RuntimeError(found.reason)
        time.sleep(0.01)
    while (studio.run(run).live and epochs == 1) or studio.stop(run).live:
        time.sleep(0.05)
    return steps[0].time - begun
