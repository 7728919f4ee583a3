"""Weights that somebody brings, for a server without a network: checked key by key, and kept beside the runs."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from tlcore.errors import WeightsError
from tlcore.zoo.backbone import Backbone
from tlcore.zoo.networks import network, without_head
from tlcore.zoo.pretrained import core, heads_of, matching_tensors
from tlcore.zoo.report import WeightsReport
from tlcore.zoo.shapes import shapes
from tlcore.zoo.tensors import read
from tlcore.zoo.weights import uploaded_file

__all__ = ["examine", "largest", "remove", "upload"]


def examine(backbone: Backbone, path: Path) -> WeightsReport:
    """What a file has for the backbone, key by key. Nothing is kept.

    Raises:
        WeightsError: it is no file of weights, or larger than the backbone's can be.
    """
    return _examined(backbone, path)[1]


def upload(backbone: Backbone, path: Path, home: Path) -> WeightsReport:
    """Check a file and keep its tensors: from then on they are the backbone's weights in this home.

    Raises:
        WeightsError: it is no file of weights, or a tensor of the backbone is missing, misshapen or not a number.
    """
    tensors, report = _examined(backbone, path)
    if not report.fits:
        raise WeightsError(report.sentence())
    if broken := next((name for name, value in tensors.items() if not torch.isfinite(value).all()), None):
        raise WeightsError(f"{path.name!r} has values in {broken} that are not numbers: the training had diverged.")
    _keep(tensors, uploaded_file(backbone, home), path.name)
    return report


def remove(backbone: Backbone, home: Path) -> None:
    """Forget uploaded weights, so that the backbone's own count again; does nothing where there are none."""
    uploaded_file(backbone, home).unlink(missing_ok=True)


def largest(backbone: Backbone) -> int:
    """Bytes that a file for the backbone may have: its weights four times, as with optimizer state, and some more."""
    return 16 * max(backbone.n_params, backbone.n_params_published) + 2**28


def _examined(backbone: Backbone, path: Path) -> tuple[dict[str, Tensor], WeightsReport]:
    """The tensors that the backbone takes, and the report on all."""
    size = path.stat().st_size if path.is_file() else 0
    if size > largest(backbone):
        raise WeightsError(
            f"{path.name!r} has {size / 1e6:,.0f} MB, and weights of {backbone.title} have at most "
            f"{largest(backbone) / 1e6:,.0f} MB: it is the file of another model."
        )
    whole = shapes(lambda: network(backbone, draw=False))
    heads = heads_of(backbone, whole)
    own = core(without_head(backbone, whole)).state_dict()
    here, report = matching_tensors(read(path), own, backbone, heads, path.name)
    return {name: here[name].to(own[name].dtype).contiguous() for name in report.matched}, report


def _keep(tensors: Mapping[str, Tensor], target: Path, file: str) -> None:
    """Appears whole or not at all."""
    from safetensors.torch import save_file

    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{os.getpid()}-{target.name}")
    about = {"format": "pt", "sha256": _hash(tensors), "file": file, "uploaded": json.dumps(time.time())}
    try:
        save_file({name: value.clone() for name, value in tensors.items()}, draft, metadata=about)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _hash(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name}{tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
