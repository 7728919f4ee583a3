"""An augmentation as the source of torchvision's transforms."""

from __future__ import annotations

import math

from tlcore.data.augmentation import Augmentation
from tlcore.data.transforms import ImagePreprocessing

__all__ = ["changes"]


def changes(augmentation: Augmentation, preprocessing: ImagePreprocessing) -> tuple[str, ...]:
    """One expression a transform, in their order: a PIL image as resized -> one of the network's size."""
    on, side = augmentation.values(), preprocessing.input_size
    jitter = [on[name] for name in ("brightness", "contrast", "saturation", "hue")]
    moved = any(on[name] for name in ("rotation", "translation", "zoom", "shear"))
    mean = [round(255 * value) for value in preprocessing.mean]
    erased = f"v2.PILToTensor(), v2.RandomErasing({augmentation.erasing}, value={mean}), v2.ToPILImage()"
    crop = (
        f"v2.RandomResizedCrop({side}, ({on['crop']}, 1.0), "
        f'interpolation=v2.InterpolationMode("{preprocessing.interpolation}"))'
        if on["crop"] < 1
        else f"v2.CenterCrop({side})"
    )
    steps = (
        crop,
        on["flip"] and f"v2.RandomHorizontalFlip({on['flip']})",
        on["vertical_flip"] and f"v2.RandomVerticalFlip({on['vertical_flip']})",
        {"trivial_augment": "v2.TrivialAugmentWide()", "rand_augment": "v2.RandAugment()"}.get(augmentation.policy),
        moved and _affine(on),
        on["perspective"] and f"v2.RandomPerspective({on['perspective']})",
        any(jitter) and f"v2.ColorJitter({', '.join(map(str, jitter))})",
        on["grayscale"] and f"v2.RandomGrayscale({on['grayscale']})",
        on["blur"] and f"v2.GaussianBlur({2 * math.ceil(3 * on['blur']) + 1}, (0.01, {on['blur']}))",
        augmentation.erasing and erased,
    )
    return tuple(str(step) for step in steps if step)


def _affine(on: dict[str, float]) -> str:
    shift = f", translate=({on['translation']}, {on['translation']})" if on["translation"] else ""
    zoom = f", scale=({1 - on['zoom']}, {1 + on['zoom']})" if on["zoom"] else ""
    shear = f", shear={on['shear']}" if on["shear"] else ""
    mode = 'interpolation=v2.InterpolationMode("bilinear")'
    return f"v2.RandomAffine({on['rotation']}{shift}{zoom}{shear}, {mode})"
