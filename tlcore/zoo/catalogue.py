"""Reads torchvision's own facts into the file the registry lists: `python -m tlcore.zoo.catalogue` writes it anew."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from torch import nn
from torchvision import models

from tlcore.zoo.networks import torchvision_network
from tlcore.zoo.shapes import shapes
from tlcore.zoo.stages import divide
from tlcore.zoo.surgery import take_out

__all__ = ["chosen", "entry", "network", "write"]

FILE = Path(__file__).with_name("torchvision.jsonl")
FREE, SWAG = "BSD-3-Clause", "CC-BY-NC-4.0"
"""torchvision's own licence; and SWAG's, which forbids commercial use."""
FAMILIES: tuple[tuple[str, str, str, str], ...] = (
    ("alexnet", "AlexNet", "AlexNet", "The network of 2012, for comparison; most of it is two wide linear layers."),
    ("convnext_", "ConvNeXt", "ConvNeXt-{}", "A convolutional network in a transformer's shape; very accurate."),
    (
        "densenet",
        "DenseNet",
        "DenseNet-{}",
        "Each layer reads all before it: few parameters, much memory.",
    ),
    (
        "efficientnet_v2_",
        "EfficientNet-V2",
        "EfficientNet-V2-{}",
        "Accurate for its size, and quicker than V1.",
    ),
    ("efficientnet_", "EfficientNet", "EfficientNet-{}", "Accuracy like much larger networks, with few parameters."),
    ("googlenet", "GoogLeNet", "GoogLeNet", "Inception's first version: small and quick."),
    ("inception_v3", "Inception", "Inception-V3", "Reads 299 pixels; a step between GoogLeNet and ResNet."),
    ("maxvit_", "MaxViT", "MaxViT-{}", "Convolutions and attention over blocks and grids; accurate and slow."),
    ("mnasnet", "MNASNet", "MNASNet {}", "Found by search for phones; small and quick."),
    ("mobilenet_v2", "MobileNet", "MobileNet-V2", "Made for phones: quick on any CPU."),
    (
        "mobilenet_v3_",
        "MobileNet",
        "MobileNet-V3-{}",
        "The first choice for edge devices: quick on any CPU.",
    ),
    ("regnet_", "RegNet", "RegNet{}", "A family found by design rules, from very small to very large."),
    ("resnet", "ResNet", "ResNet-{}", "The usual first choice: trains reliably on any data."),
    ("resnext", "ResNeXt", "ResNeXt-{}", "ResNet with grouped convolutions; more accurate at the same cost."),
    ("shufflenet_v2_", "ShuffleNet", "ShuffleNet-V2 {}", "Very small and quick, for little accuracy less."),
    (
        "squeezenet",
        "SqueezeNet",
        "SqueezeNet {}",
        "About a million parameters with its classifier: among the smallest.",
    ),
    ("swin_v2_", "Swin", "Swin-V2-{}", "Attention in shifted windows, second version; accurate."),
    ("swin_", "Swin", "Swin-{}", "Attention in shifted windows; accurate."),
    ("vgg", "VGG", "VGG-{}", "Plain and very large; slow, but its features are well studied."),
    ("vit_", "ViT", "ViT-{}", "The plain vision transformer; at its best with low rates or adapters."),
    ("wide_resnet", "ResNet", "Wide ResNet-{}", "ResNet with twice the channels inside; accurate and heavy."),
)
"""By the beginning of a name: family, title with a place for the rest, and what it is good for."""


def write(path: Path = FILE) -> None:
    """One line for each of torchvision's classifiers, sorted by name."""
    names = models.list_models(module=models)
    path.write_text("".join(json.dumps(entry(name, network(name)), sort_keys=True) + "\n" for name in sorted(names)))


def entry(name: str, made: nn.Module) -> dict[str, Any]:
    """The fields of the record of one classifier, as plain values; takes the last layer out of the network `made`."""
    weights = chosen(name)
    width = take_out(made)
    stages = divide(made)
    family, title, summary = _about(name)
    return {
        "name": name,
        "title": title,
        "family": family,
        "summary": summary,
        "weights": weights.name,
        "url": weights.url,
        "licence": _licence(weights),
        "n_features": width,
        "n_params": sum(stages.n_params),
        "stages": list(stages.names),
        "stage_params": list(stages.n_params),
        "n_batch_norms": stages.n_batch_norms,
        "batch_norm_params": list(stages.batch_norm_params),
        **_published(weights.meta),
        **_preprocessing(weights.transforms()),
    }


def chosen(name: str) -> Any:
    """The most accurate of the weights that may be used freely; of all, where none may."""
    scored: Iterable[Any] = (w for w in models.get_model_weights(name) if not math.isnan(_accuracy(w)["acc@1"]))
    return max(scored, key=lambda weights: (_licence(weights) == FREE, _accuracy(weights)["acc@1"]))


def network(name: str) -> nn.Module:
    """The network that the chosen weights fit, shapes only."""
    side = chosen(name).transforms().crop_size[0]
    return shapes(lambda: torchvision_network(name, side, draw=False))


def _accuracy(weights: Any) -> dict[str, float]:
    found: dict[str, float] = weights.meta["_metrics"]["ImageNet-1K"]
    return found


def _licence(weights: Any) -> str:
    """torchvision names a licence only where it is not its own."""
    return SWAG if "SWAG" in weights.meta.get("license", "") else FREE


def _published(meta: dict[str, Any]) -> dict[str, Any]:
    accuracy = meta["_metrics"]["ImageNet-1K"]
    return {
        "n_params_published": meta["num_params"],
        "gflops": meta["_ops"],
        "file_size": round(meta["_file_size"] * 2**20),
        "recipe": meta["recipe"],
        "metrics": {"imagenet_top1": accuracy["acc@1"], "imagenet_top5": accuracy["acc@5"]},
    }


def _preprocessing(transform: Any) -> dict[str, Any]:
    return {
        "input_size": transform.crop_size[0],
        "resize": transform.resize_size[0],
        "interpolation": transform.interpolation.value,
        "mean": list(transform.mean),
        "std": list(transform.std),
    }


def _about(name: str) -> tuple[str, str, str]:
    start, family, title, summary = next(row for row in FAMILIES if name.startswith(row[0]))
    return family, title.format(_rest(start, name.removeprefix(start))), summary


def _rest(start: str, rest: str) -> str:
    """The part of a name that tells sizes apart, as papers write it: `b_16` is `B/16`, `1_6gf` is `1.6GF`."""
    if start == "regnet_":
        kind, _, size = rest.partition("_")
        return f"{kind.upper()}-{size.replace('_', '.').upper()}"
    if start == "vit_":
        return rest.replace("_", "/").upper()
    if start in ("mnasnet", "squeezenet", "shufflenet_v2_"):
        return re.sub(r"(\d)_(\d)", r"\1.\2", rest)
    if start in ("convnext_", "mobilenet_v3_"):
        return rest.capitalize()
    return rest.replace("_bn", " BN").replace("_2", "-2").replace("_", " ") if rest[:1].isdigit() else rest.upper()


if __name__ == "__main__":
    write()
