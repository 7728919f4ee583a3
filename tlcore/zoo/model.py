"""A backbone and a new head, as one module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from tlcore.errors import WeightsError
from tlcore.zoo.backbone import Backbone, stage_patterns
from tlcore.zoo.head import Head
from tlcore.zoo.weights import weights_folder

__all__ = ["Inputs", "MeanPooled", "TransferModel", "build", "load_backbone"]

Inputs = Tensor | Mapping[str, Tensor]
"""Images (B, 3, S, S), or tokens by name, each (B, T)."""


class TransferModel(nn.Module):
    """`backbone` maps inputs to features, `head` maps features to logits."""

    def __init__(self, backbone: nn.Module, head: nn.Module, stages: tuple[str, ...]) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self._stages = stages

    def features(self, x: Inputs) -> Tensor:
        """Inputs -> (B, D)."""
        return cast(Tensor, self.backbone(x))

    def forward(self, x: Inputs) -> Tensor:
        """Inputs -> (B, C) logits."""
        return cast(Tensor, self.head(self.features(x)))

    def stages(self) -> tuple[str, ...]:
        """Parameter patterns of the backbone's stages, from input to output."""
        return self._stages


class MeanPooled(nn.Module):
    """A transformers encoder whose features are the mean over the tokens that are not padding.

    Sentence-BERT, https://arxiv.org/abs/1908.10084, section 3.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Mapping[str, Tensor]) -> Tensor:
        """Tokens (B, T) -> (B, D)."""
        states = self.encoder(**x).last_hidden_state  # (B, T, D)
        mask = x["attention_mask"].unsqueeze(-1).to(states.dtype)  # (B, T, 1)
        return cast(Tensor, (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9))


def build(backbone: Backbone, n_classes: int, head: Head, *, pretrained: bool = True) -> TransferModel:
    """The backbone with a new, randomly initialised head (torch's global seed decides it).

    Raises:
        WeightsError: the weights are not on this machine, or do not fit the architecture.
    """
    module = load_backbone(backbone, pretrained=pretrained)
    return TransferModel(module, head.build(backbone.n_features, n_classes), stage_patterns(backbone))


def load_backbone(backbone: Backbone, *, pretrained: bool = True) -> nn.Module:
    """The backbone in eval mode: inputs -> (B, D). Not `pretrained` means random weights, as its library draws them.

    Raises:
        WeightsError: the weights are not on this machine, or do not fit the architecture.
    """
    load = {"timm": _from_timm, "transformers": _from_transformers}[backbone.source]
    return load(backbone, pretrained).eval()


def _from_timm(backbone: Backbone, pretrained: bool) -> nn.Module:
    import timm

    module: nn.Module = timm.create_model(backbone.architecture, pretrained=False)
    if pretrained:
        _load_packaged(module, backbone)
    module.reset_classifier(0)  # type: ignore[operator]
    return module.to(memory_format=torch.channels_last)


def _load_packaged(module: nn.Module, backbone: Backbone) -> None:
    files = sorted(weights_folder(backbone).glob("*.pth"))
    if len(files) != 1:
        raise WeightsError(
            f"Expected one weights file for {backbone.title}, found {len(files)}. Reinstall its package."
        )
    saved = torch.load(files[0], map_location="cpu", weights_only=True)
    module.load_state_dict(_in_order(saved, module.state_dict(), backbone))


def _in_order(saved: Mapping[str, Tensor], own: Mapping[str, Tensor], backbone: Backbone) -> dict[str, Tensor]:
    """The package names its tensors differently but keeps their order; every shape is compared."""
    fits = len(saved) == len(own) and all(a.shape == b.shape for a, b in zip(saved.values(), own.values(), strict=True))
    if not fits:
        raise WeightsError(
            f"The packaged weights of {backbone.title} do not fit {backbone.architecture}: "
            f"{len(saved)} tensors against {len(own)}, or other shapes. Reinstall {backbone.package.replace('_', '-')}."
        )
    return dict(zip(own, saved.values(), strict=True))


def _from_transformers(backbone: Backbone, pretrained: bool) -> nn.Module:
    import transformers

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()  # the unused pooler is not news
    kind = getattr(transformers, backbone.architecture)
    folder = weights_folder(backbone)
    if pretrained:
        encoder: nn.Module = kind.from_pretrained(
            folder, local_files_only=True, add_pooling_layer=False, attn_implementation="sdpa"
        )
    else:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, attn_implementation="sdpa")
        encoder = kind(config, add_pooling_layer=False)
    return MeanPooled(encoder)
