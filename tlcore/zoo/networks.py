"""Whole networks as their libraries make them, with random weights and their own classifier."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from tlcore.zoo.backbone import Backbone
from tlcore.zoo.surgery import take_out

__all__ = ["Encoder", "headless", "network", "torchvision_network", "torchvision_settings", "unpooled", "without_head"]


class Encoder(nn.Module):
    """A transformers network whose features are made of its tokens' last hidden states, as `pooling` says.

    The mean leaves padding out: Sentence-BERT, https://arxiv.org/abs/1908.10084, section 3.
    """

    def __init__(self, encoder: nn.Module, pooling: str) -> None:
        super().__init__()
        self.encoder = encoder
        self.pooling = pooling

    def forward(self, x: Mapping[str, Tensor]) -> Tensor:
        """Tokens (B, T) -> (B, D)."""
        states: Tensor = self.encoder(**x).last_hidden_state  # (B, T, D)
        mask = x["attention_mask"]
        match self.pooling:
            case "first":
                return states[:, 0]
            case "last":
                last = (mask * torch.arange(1, mask.shape[1] + 1, device=mask.device)).argmax(1)  # (B,)
                return states.gather(1, last.view(-1, 1, 1).expand(-1, 1, states.shape[2])).squeeze(1)
        weights = mask.unsqueeze(-1).to(states.dtype)  # (B, T, 1)
        return (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def headless(backbone: Backbone, *, draw: bool = True) -> nn.Module:
    """The network without its classifier: images (B, 3, S, S) or tokens (B, T) by name -> features (B, D).

    Args:
        draw: Whether its random weights will be used, so that costly ways of drawing them are worth it.
    """
    return without_head(backbone, network(backbone, draw=draw))


def without_head(backbone: Backbone, module: nn.Module) -> nn.Module:
    """What `network` made, changed in place: an image network loses its classifier, a text network says features."""
    if backbone.source == "transformers":
        return Encoder(module, backbone.pooling)
    if backbone.source == "timm":
        module.reset_classifier(0)  # type: ignore[operator]
    else:
        take_out(module)
    return module.to(memory_format=torch.channels_last)


def network(backbone: Backbone, *, draw: bool = True) -> nn.Module:
    """The library's own module; of an image network with its classifier, of a text network the encoder alone."""
    make: dict[str, Callable[[Backbone, bool], nn.Module]] = {
        "torchvision": _from_torchvision,
        "timm": _from_timm,
        "transformers": _from_transformers,
    }
    return make[backbone.source](backbone, draw)


def torchvision_network(architecture: str, input_size: int, *, draw: bool) -> nn.Module:
    """As torchvision builds it for its weights."""
    from torchvision import models

    settings = torchvision_settings(architecture, input_size, draw=draw)
    made: nn.Module = models.get_model(architecture, weights=None, **settings)
    return made


def torchvision_settings(architecture: str, input_size: int, *, draw: bool = False) -> dict[str, Any]:
    """What weights ask of the constructor: they fix the size of a ViT's input and GoogLeNet's own scaling."""
    if architecture.startswith("vit_"):
        return {"image_size": input_size}
    if architecture in ("googlenet", "inception_v3"):
        return {"transform_input": True, "init_weights": draw}
    return {}


def _from_torchvision(backbone: Backbone, draw: bool) -> nn.Module:
    return torchvision_network(backbone.architecture, backbone.input_size, draw=draw)


def _from_timm(backbone: Backbone, draw: bool) -> nn.Module:
    import timm

    made: nn.Module = timm.create_model(backbone.architecture, pretrained=False)
    return made


def _from_transformers(backbone: Backbone, draw: bool) -> nn.Module:
    import transformers

    kind = getattr(transformers, backbone.architecture)
    config = kind.config_class(**{"attn_implementation": "sdpa", **backbone.config})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made: nn.Module = kind(config, **unpooled(kind))
    return made


def unpooled(kind: Any) -> dict[str, bool]:
    """The argument that leaves out BERT's pooler, which only its pretraining used; empty for kinds without one."""
    return {"add_pooling_layer": False} if "add_pooling_layer" in inspect.signature(kind.__init__).parameters else {}
