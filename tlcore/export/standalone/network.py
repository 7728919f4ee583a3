"""The classifier as a PyTorch module, built by the library that defines its backbone and filled from safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

__all__ = ["Classifier", "Encoder", "classifier", "head"]


class Classifier(nn.Module):
    """Images (N, 3, S, S), or tokens (N, T) by name -> logits (N, classes)."""

    def __init__(self, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, x: Any) -> Tensor:
        """Logits."""
        scores: Tensor = self.head(self.backbone(x))
        return scores


class Encoder(nn.Module):
    """A transformer whose feature of a text is made of its tokens' last hidden states."""

    def __init__(self, encoder: nn.Module, pooling: str) -> None:
        super().__init__()
        self.encoder, self.pooling = encoder, pooling

    def forward(self, x: Mapping[str, Tensor]) -> Tensor:
        """Tokens (N, T) -> (N, D)."""
        states: Tensor = self.encoder(**x).last_hidden_state
        mask = x["attention_mask"]
        if self.pooling == "first":
            return states[:, 0]
        if self.pooling == "last":
            last = (mask * torch.arange(1, mask.shape[1] + 1, device=mask.device)).argmax(1)
            return states[torch.arange(len(last), device=mask.device), last]
        weights = mask.unsqueeze(-1).to(states.dtype)
        return (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def classifier(about: Mapping[str, Any], weights: Path) -> Classifier:
    """The module in eval mode with its weights; `about` is what `model.json` holds."""
    how = about["network"]
    backbone = {"timm": _timm, "torchvision": _torchvision, "transformers": _transformers}[how["source"]](how)
    module = Classifier(backbone, head(how, len(about["classes"])))
    module.load_state_dict(load_file(weights))
    return module.eval()


def head(how: Mapping[str, Any], n_classes: int) -> nn.Sequential:
    """Features (N, D) -> logits, with random weights."""
    layers: list[nn.Module] = []
    widths = [how["n_features"], *how["hidden"], n_classes]
    for i, rate in enumerate(how["dropout"]):
        layers += [nn.Dropout(rate), nn.Linear(widths[i], widths[i + 1]), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _timm(how: Mapping[str, Any]) -> nn.Module:
    import timm

    network: nn.Module = timm.create_model(how["architecture"], pretrained=False)
    network.reset_classifier(0)  # type: ignore[operator]
    return network


def _torchvision(how: Mapping[str, Any]) -> nn.Module:
    from torchvision import models

    network: nn.Module = models.get_model(how["architecture"], weights=None, **how["settings"])
    for name in how["removed"]:
        network.set_submodule(name, nn.Identity())
    for name in how["absent"]:
        setattr(network, name, None)
    return network


def _transformers(how: Mapping[str, Any]) -> nn.Module:
    import transformers

    kind = getattr(transformers, how["architecture"])
    config = kind.config_class.from_dict(how["config"], attn_implementation="sdpa")
    return Encoder(kind(config, **how["settings"]), how["pooling"])
