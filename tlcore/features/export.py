"""The backbone as an ONNX graph, kept: `python -m tlcore.features.export NAME FILE HOME` makes one."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tlcore.lock import take
from tlcore.zoo import Backbone, backbone, learn, weights_key

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["export", "graph_path", "start_export"]

OPSET = 18
MAKERS = ("torch", "torchvision", "onnx", "onnxscript", "timm", "transformers")


def graph_path(record: Backbone, home: Path) -> Path:
    """Where the graph of a backbone is kept; another one when its weights or what makes it change."""
    made_by = {name: version(name) for name in MAKERS} | {"weights": weights_key(record, home)}
    name = f"{record.name.replace('/', '--')}-{hashlib.sha256(json.dumps(made_by).encode()).hexdigest()[:8]}.onnx"
    return home / "graphs" / name


def start_export(record: Backbone, path: Path, home: Path) -> subprocess.Popen[bytes]:
    """Export in a process of its own, at low priority, while this one goes on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    root = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    with path.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tlcore.features.export", record.name, str(path), str(home)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": paths, "CUDA_VISIBLE_DEVICES": ""},
        )


def export(record: Backbone, path: Path, home: Path | None = None) -> None:
    """Write the pretrained backbone as ONNX with a free batch size (and text length); appears whole or not at all.

    Does nothing where another process is at it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = take(path.with_suffix(".lock"))
    if lock is None:
        return
    try:
        _export(record, path, home)
    finally:
        os.close(lock)


def _export(record: Backbone, path: Path, home: Path | None) -> None:
    import torch

    from tlcore.zoo.model import load_backbone

    module = load_backbone(record, home=home)
    n = torch.export.Dim("n")
    if record.modality == "image":
        names = ["pixels"]
        example: tuple[Tensor, ...] = (torch.zeros(2, 3, record.input_size, record.input_size),)
        free: dict[int, object] = {0: n}
    else:
        names, example = list(record.tokens), tuple(torch.ones(2, 16, dtype=torch.long) for _ in record.tokens)
        free = {0: n, 1: torch.export.Dim("t", max=record.max_tokens)}
        module = _by_position(module, record.tokens).eval()
    draft = path.with_name(f".{os.getpid()}-{path.name}")
    torch.onnx.export(
        module,
        example,
        draft,
        dynamo=True,
        dynamic_shapes=(free,) if record.modality == "image" else (tuple(free for _ in names),),
        input_names=names,
        output_names=["features"],
        external_data=False,
        opset_version=OPSET,
        verbose=False,
    )
    draft.replace(path)


def _by_position(module: nn.Module, names: tuple[str, ...]) -> nn.Module:
    """The exporter takes tensors by position, the module a mapping."""
    from torch import nn

    class ByPosition(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, *tokens: Tensor) -> Tensor:
            features: Tensor = self.module(dict(zip(names, tokens, strict=True)))
            return features

    return ByPosition()


if __name__ == "__main__":
    learn(Path(sys.argv[3]))
    export(backbone(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
