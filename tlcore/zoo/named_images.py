"""The record of any architecture of timm, made of what timm knows of it."""

from __future__ import annotations

import math
from typing import Any

from tlcore.errors import RecipeError
from tlcore.zoo.backbone import Backbone
from tlcore.zoo.names import LICENCES

__all__ = ["image_backbone", "known_to_timm"]


def known_to_timm(name: str) -> bool:
    """Whether timm has this architecture, and the weights after its full stop if there is one."""
    import timm

    architecture, _, tag = name.partition(".")
    return timm.is_model(architecture) and (not tag or name in timm.list_pretrained(architecture))


def image_backbone(name: str) -> Backbone:
    """What timm calls `name`, such as `convnext_small.fb_in22k`; without a full stop, with its usual weights.

    Raises:
        RecipeError: it reads something other than square RGB images, or gives no pooled features.
    """
    import timm

    config: Any = timm.get_pretrained_cfg(name)
    channels, height, width = config.input_size
    if channels != 3 or height != width:
        raise RecipeError(
            f"{name} reads {channels} x {height} x {width} inputs; a backbone here reads square RGB images."
        )
    if config.crop_mode not in ("center", "squash"):
        raise RecipeError(f"{name} pads its images to a square ({config.crop_mode}), which is not done here.")
    published, width_of_features, stages = _measured(name, height)
    return Backbone(
        name=name,
        title=name,
        modality="image",
        source="timm",
        architecture=name,
        weights=config.tag or "",
        url=config.url or "",
        hub_id=config.hf_hub_id or "",
        family=config.architecture.split("_")[0],
        n_params=sum(stages.n_params),
        n_params_published=published,
        recipe=f"https://huggingface.co/{config.hf_hub_id}" if config.hf_hub_id else "",
        n_features=width_of_features,
        stages=stages.names,
        stage_params=stages.n_params,
        n_batch_norms=stages.n_batch_norms,
        batch_norm_params=stages.batch_norm_params,
        input_size=height,
        resize=max(height, math.floor(height / config.crop_pct)),
        squash=config.crop_mode == "squash",
        interpolation=config.interpolation if config.interpolation in ("bicubic", "bilinear") else "bilinear",
        mean=tuple(config.mean),
        std=tuple(config.std),
        licence=LICENCES.get(config.license or "", config.license or "unknown"),
        summary="Added by name from timm.",
    )


def _measured(name: str, side: int) -> tuple[int, int, Any]:
    """Parameters with the classifier, width of the features, and the stages; only shapes are made."""
    import timm
    import torch

    from tlcore.zoo.shapes import shapes
    from tlcore.zoo.stages import divide

    network = shapes(lambda: timm.create_model(name, pretrained=False))
    published = sum(parameter.numel() for parameter in network.parameters())
    try:
        network.reset_classifier(0)  # type: ignore[operator]
        with torch.no_grad():
            features = network.eval()(torch.empty(1, 3, side, side, device="meta"))
        pooled = features.ndim == 2
    except (AttributeError, TypeError, RuntimeError, NotImplementedError) as error:
        raise RecipeError(f"{name} gives no features without its classifier: {error}.") from error
    if not pooled:
        raise RecipeError(f"{name} gives features of shape {tuple(features.shape)}; a backbone gives one row a sample.")
    return published, features.shape[1], divide(network)
