"""Jobs about models: reading one, measuring one, and taking in weights that somebody brings."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tlcore.device import machine, torch_device
from tlcore.errors import RecipeError, RunError
from tlcore.precision import chosen
from tlcore.runs.isolation import apart
from tlcore.runs.pace import Pace
from tlcore.training.speed import MODES, Mode, Reading, n_tokens, readings
from tlcore.zoo import Backbone, backbone

__all__ = ["busy", "inspection", "latency", "speed", "upload"]

BUSY_SECONDS = 0.5
"""For how long to look at what else the machine is doing."""
LIBRARIES = {"torchvision": "torchvision.models", "timm": "timm", "transformers": "transformers"}
"""What loads the code of a source; not counted among the seconds that an inspection takes."""
Tell = Callable[[float, str], None]


def upload(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Compare a file below `incoming` with a backbone, keep it if it fits, and delete the file either way."""
    from tlcore.zoo.uploads import examine
    from tlcore.zoo.uploads import upload as keep

    record, path = backbone(about["backbone"]), _incoming(home, about["path"])
    try:
        tell(0.0, "comparing it with the architecture")
        report = examine(record, path)
        if report.fits:
            tell(0.5, "keeping it")
            keep(record, path, home)
        return {**asdict(report), "fits": report.fits, "sentence": report.sentence()}
    finally:
        shutil.rmtree(path.parent, ignore_errors=True)


def inspection(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """What a backbone is made of, and what each of LoRA's targets finds in it; only shapes are made."""
    from tlcore.zoo.inspection import inspect

    record = backbone(about["backbone"])
    import_module(LIBRARIES[record.source])
    begun = time.perf_counter()
    found = asdict(inspect(record))
    return {**found, "lora": _targets(record), "seconds": time.perf_counter() - begun}


def speed(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Time and memory of a backbone on this machine by use and batch size; each use in a process of its own."""
    record, sizes = backbone(about["backbone"]), tuple(about["batch_sizes"])
    tell(0.0, "waiting for a quiet moment")
    taken, pace = busy(), Pace(sizes)
    found: list[dict[str, Any]] = []
    where: dict[str, Any] = {}
    for mode in MODES:
        for made in _survived(record, mode, sizes, lambda: tell(*pace.now())):
            where |= made.pop("where", {})
            found.append(made)
            pace.take(made)
            tell(*pace.now())
    return {"readings": found, "busy": taken, "at": time.time(), **where}


def latency(record: Backbone, tick: Callable[[], None]) -> float | None:
    """Seconds of inference with one sample, the median of some passes, as `speed` takes it; None where it cannot be.

    To be called before this process has used threads or a GPU.
    """
    found = [made["seconds"] for made in apart(partial(_readings, record, MODES[0], (1,)), tick=tick)]
    return float(found[0]) if found and found[0] else None


def busy() -> float:
    """Share of the processors that is taken just now."""
    import psutil

    return psutil.cpu_percent(interval=BUSY_SECONDS) / 100


def _incoming(home: Path, name: str) -> Path:
    """A file in a folder of its own below `incoming`, and nothing else."""
    path = Path(name).resolve()
    if path.parent.parent != (home / "incoming").resolve() or not path.is_file():
        raise RunError(f"The uploaded file {path.name!r} is no longer there. Upload it again.")
    return path


def _targets(record: Backbone) -> dict[str, list[str]]:
    """Names, as the library has them, of the modules that get an adapter, by LoRA's targets."""
    from tlcore.adapters import TARGETS
    from tlcore.adapters.targets import target_modules
    from tlcore.zoo.networks import headless
    from tlcore.zoo.shapes import shapes

    trunk, found = shapes(lambda: headless(record)), {}
    wrapper = "encoder." if record.source == "transformers" else ""
    for target in TARGETS:
        try:
            found[target] = [name.removeprefix(wrapper) for name in target_modules(trunk, target)]
        except RecipeError:
            found[target] = []
    return found


def _survived(record: Backbone, mode: Mode, sizes: Sequence[int], tick: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """Readings of one use; where its process dies, what it had still to measure says why it has no figure."""
    left = sorted(sizes)
    try:
        for made in apart(partial(_readings, record, mode, sizes), tick=tick):
            left.remove(made["batch_size"])
            yield made
    except RunError as error:
        if mode == MODES[0] and len(left) == len(sizes):
            raise
        for size in left:
            yield asdict(Reading(mode=mode, batch_size=size, note=str(error)))


def _readings(record: Backbone, mode: Mode, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """In a process of its own, the only one here to touch the device."""
    import torch

    device = torch_device()
    where = {
        "device": device.type,
        "on": machine().place,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "tokens": n_tokens(record),
        "precision": str(chosen("auto", device)).removeprefix("torch."),
    }
    for reading in readings(record, mode, sizes, device):
        yield {**asdict(reading), "where": where}
