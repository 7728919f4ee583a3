"""Changes to a recipe that help against what the checks find."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tlcore.advisor.case import is_head
from tlcore.strategies import FeatureExtraction, options, strategy
from tlcore.training.recipe import Recipe
from tlcore.zoo import backbone

__all__ = ["HEAD_ONLY", "USUAL", "USUAL_HEAD", "gentler", "regularised", "steadier", "usual_rates"]

HEAD_ONLY: Mapping[str, Any] = {"strategy.name": "feature_extraction"}
USUAL = {"image": 1e-4, "text": 2e-5}
"""Rate of the late stages of a pretrained backbone."""
USUAL_HEAD = 1e-3
"""Rate of the head beside it."""
Remedy = tuple[Mapping[str, Any], str]
"""A fix and what its button would say; both empty where there is none."""
NONE: Remedy = ({}, "")


def usual_rates(recipe: Recipe, limit: float, *, head: bool) -> Mapping[str, Any]:
    """Bring rates from `limit` on, of the head or of everything else, back to where they usually are."""
    modality = backbone(recipe.backbone).modality
    if recipe.phases:
        usual = USUAL_HEAD if head else USUAL[modality]
        return _phases(recipe, lambda pattern, lr: usual if is_head(pattern) == head and lr >= limit else lr)
    own, now = options(strategy(recipe.strategy.name, modality)), options(recipe.strategy)
    rates = [key for key in now if key.endswith("lr") and (head or "head" not in key)]
    return {f"strategy.{key}": own[key] for key in rates if now[key] >= limit}


def gentler(recipe: Recipe | None) -> Remedy:
    """A tenth of the backbone's rates, or of the head's where only the head trains."""
    if recipe is None:
        return NONE
    trains = _trains_backbone(recipe)
    if recipe.phases:
        fix = _phases(recipe, lambda pattern, lr: lr if trains and is_head(pattern) else _tenth(lr))
    else:
        now = options(recipe.strategy)
        rates = [key for key in now if key.endswith("lr") and not (trains and "head" in key)]
        fix = {f"strategy.{key}": _tenth(now[key]) for key in rates}
    return fix, f"A tenth of the {'backbone' if trains else 'head'}'s rate"


def regularised(recipe: Recipe | None) -> Remedy:
    """Augmentation where there is none and can be some, else fewer parameters that train."""
    if recipe is None:
        return NONE
    varied = recipe.augmentation
    if backbone(recipe.backbone).modality == "image" and not varied.active and not varied.mixes:
        return {"augmentation.policy": "standard"}, "Standard augmentation"
    return (HEAD_ONLY, "Train the head only") if _trains_backbone(recipe) else NONE


def steadier(recipe: Recipe | None) -> Remedy:
    """BatchNorm as it was pretrained, where it trains; else lower rates."""
    if recipe is None:
        return NONE
    trains = _trains_backbone(recipe) and recipe.strategy.pretrained and recipe.strategy.name != "lora"
    if trains and backbone(recipe.backbone).n_batch_norms and not recipe.freezes_batch_norm():
        return {"batch_norm": "frozen"}, "Freeze BatchNorm"
    return gentler(recipe)


def _trains_backbone(recipe: Recipe) -> bool:
    if recipe.phases:
        return not all(is_head(pattern) for phase in recipe.phases for pattern in phase.lrs)
    return not isinstance(recipe.strategy, FeatureExtraction)


def _phases(recipe: Recipe, rate: Callable[[str, float], float]) -> Mapping[str, Any]:
    """The phases of one's own with the rates that `rate` makes of pattern and rate."""
    plain = recipe.to_dict()["phases"]
    for phase in plain:
        phase["lrs"] = {pattern: rate(pattern, lr) for pattern, lr in phase["lrs"].items()}
    return {"phases": plain}


def _tenth(lr: float) -> float:
    return float(f"{lr / 10:.3g}")
