"""Training-time changes of a picture that do not change its label. Never used on val or test.

A policy gives each single change its strength, and any of them can be given another. The changes are torchvision's;
each view of an image is drawn from a seed of its own, so that the same view is the same pixels whenever it is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from tlcore.data.knobs import PRESETS, knob
from tlcore.data.transforms import ImagePreprocessing, Pixels
from tlcore.errors import RecipeError

if TYPE_CHECKING:
    from torchvision.transforms.v2 import Transform

__all__ = ["MAX_VIEWS", "POLICIES", "Augmentation", "augmenter", "knobs"]

MAX_VIEWS = 64
POLICIES = tuple(PRESETS)
"""Names of policies. `own` begins with every change off; TrivialAugment and RandAugment draw theirs as published."""
MIXING: Mapping[str, float] = {"erasing": 1, "mixup": 10, "cutmix": 10}
"""What acts on top of every policy, and how far each goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How training images are varied. A knob that is None has the policy's value."""

    policy: str = "none"
    """One of `POLICIES`."""
    views: int = 0
    """Augmented views of each training image that a frozen backbone embeds beside the plain one; a head draws one of
    them, or the plain one, in each epoch. A few help on small data; each costs a pass."""
    erasing: float = 0.0
    """Chance that a random rectangle of an image is painted over with the mean colour, in [0, 1]."""
    mixup: float = 0.0
    """Alpha of MixUp, which blends two images and their labels; 0 for none. 0.2 is usual."""
    cutmix: float = 0.0
    """Alpha of CutMix, which pastes a part of one image into another; 0 for none. 1 is usual."""
    crop: float | None = knob(
        "Smallest crop",
        "share",
        "A crop keeps at least this share of the image's area, drawn anew each time, at a random place. 1 takes the "
        "middle, as in evaluation.",
        least=0.05,
        most=1.0,
        step=0.05,
        off=1.0,
    )
    """Smallest share of the area that a random crop keeps."""
    flip: float | None = knob(
        "Mirror", "chance", "Left and right change places. Not where they mean something.", most=1.0, step=0.05
    )
    """Chance of a horizontal flip."""
    vertical_flip: float | None = knob(
        "Upside down", "chance", "For images without an up, such as those from a microscope or from above.",
        most=1.0, step=0.05,
    )  # fmt: skip
    """Chance of a vertical flip."""
    rotation: float | None = knob("Rotation", "± degrees", "Turned by up to so much.", most=180.0, step=1.0)
    """Largest angle in degrees, to either side."""
    translation: float | None = knob("Shift", "± share", "Moved by up to this share of a side.", most=0.5, step=0.01)
    """Largest shift as a share of the side."""
    zoom: float | None = knob("Zoom", "± share", "Made larger or smaller by up to this share.", most=0.5, step=0.01)
    """Largest change of scale around 1."""
    shear: float | None = knob("Shear", "± degrees", "Slanted by up to so much.", most=45.0, step=1.0)
    """Largest angle in degrees, to either side."""
    perspective: float | None = knob(
        "Perspective", "strength", "In half of the cases, as if seen from one side.", most=0.8, step=0.05
    )
    """Distortion in [0, 1), for half of the images."""
    brightness: float | None = knob(
        "Brightness", "± share", "Brighter or darker by up to so much.", most=1.0, step=0.05
    )
    """Largest change of the factor around 1."""
    contrast: float | None = knob("Contrast", "± share", "More or less of it, by up to so much.", most=1.0, step=0.05)
    """Largest change of the factor around 1."""
    saturation: float | None = knob("Saturation", "± share", "More or less colourful.", most=1.0, step=0.05)
    """Largest change of the factor around 1."""
    hue: float | None = knob(
        "Hue", "± turns", "Colours turned by up to this share of the colour circle; half a turn is the complement.",
        most=0.5, step=0.01,
    )  # fmt: skip
    """Largest turn of the colour circle, in turns."""
    grayscale: float | None = knob("Grayscale", "chance", "Without colour.", most=1.0, step=0.05)
    """Chance of the loss of all colour."""
    blur: float | None = knob("Blur", "pixels", "A Gaussian of up to this width.", most=5.0, step=0.1)
    """Largest standard deviation of a Gaussian, in pixels of the network's input."""

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise RecipeError(f"There is no augmentation called {self.policy!r}. Known: {', '.join(POLICIES)}.")
        if not isinstance(self.views, int) or not 0 <= self.views <= MAX_VIEWS:
            raise RecipeError(f"augmentation.views is a whole number from 0 to {MAX_VIEWS}; got {self.views!r}.")
        for name, high in MIXING.items():
            _within(name, getattr(self, name), 0, high)
        for name, value in self.given().items():
            _within(name, value, knobs()[name].metadata["min"], knobs()[name].metadata["max"])
            if self.policy == "none":
                raise RecipeError(f"augmentation.{name} is {value}, but the policy is 'none': take 'own', or another.")
        if self.views and not self.active:
            raise RecipeError(
                f"{self.views} augmented views of each image need a policy; the policy is {self.policy!r}"
                f"{', with every change off' if self.policy == 'own' else ''}."
            )

    @property
    def active(self) -> bool:
        """Single images are varied."""
        automatic = self.policy in ("trivial_augment", "rand_augment")
        off = {name: known.metadata["off"] for name, known in knobs().items()}
        return self.erasing > 0 or automatic or self.values() != off

    @property
    def mixes(self) -> bool:
        """Images of a batch are mixed with each other."""
        return self.mixup > 0 or self.cutmix > 0

    def given(self) -> dict[str, float]:
        """The knobs that are not left to the policy."""
        return {name: value for name in knobs() if (value := getattr(self, name)) is not None}

    def values(self) -> dict[str, float]:
        """Every knob as it acts: what is given, else the policy's value, else off."""
        off = {name: known.metadata["off"] for name, known in knobs().items()}
        return off | dict(PRESETS[self.policy]) | self.given()

    def to_dict(self) -> dict[str, Any]:
        """Plain values; knobs that are left to the policy are left out."""
        always = {name: getattr(self, name) for name in ("policy", "views", *MIXING)}
        return always | self.given()

    def check(self, modality: str, *, frozen: bool) -> None:
        """Refuse what would silently do nothing: `frozen` says that the backbone never trains.

        Raises:
            RecipeError: samples that cannot be augmented, or no view in which a frozen backbone could show it.
        """
        if not self.active and not self.mixes:
            return
        if modality != "image":
            raise RecipeError(
                f"Only images can be augmented, and this dataset holds {modality}s; take the policy 'none'."
            )
        if frozen and self.mixes:
            raise RecipeError(
                "The backbone stays frozen and sees each image once, so MixUp and CutMix have nothing to mix: "
                "set both to 0, or choose a strategy that trains the backbone."
            )
        if frozen and not self.views:
            raise RecipeError(
                f"The backbone stays frozen, so augmentation {self.policy!r} acts through views that are embedded "
                "once: choose at least one (augmentation.views), or no augmentation."
            )


def knobs() -> dict[str, Field[Any]]:
    """The single changes that can be turned, by name, in the order in which they are applied."""
    return {known.name: known for known in fields(Augmentation) if "off" in known.metadata}


def augmenter(augmentation: Augmentation, preprocessing: ImagePreprocessing) -> Callable[[Pixels, int], Pixels]:
    """A function of resized pixels (H, W, 3) and a seed -> (S, S, 3) as a network's training would see them."""
    import torch
    from torchvision.transforms import v2
    from torchvision.transforms.v2 import functional

    transform = v2.Compose(_changes(augmentation, preprocessing))
    mean = [round(255 * value) for value in preprocessing.mean]
    erase = v2.Compose([v2.PILToTensor(), v2.RandomErasing(augmentation.erasing, value=mean), v2.ToPILImage()])

    def vary(pixels: Pixels, seed: int) -> Pixels:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            shown = transform(functional.to_pil_image(np.ascontiguousarray(pixels)))
            return np.asarray(erase(shown) if augmentation.erasing else shown)

    return vary


def _changes(augmentation: Augmentation, preprocessing: ImagePreprocessing) -> list[Transform]:
    """What is done, in order; what is off is left out, and so draws no random number."""
    from torchvision.transforms import InterpolationMode, v2

    on, side = augmentation.values(), preprocessing.input_size
    mode = InterpolationMode(preprocessing.interpolation)
    scale = (on["crop"], 1.0)
    crop = v2.RandomResizedCrop(side, scale=scale, interpolation=mode, antialias=True) if on["crop"] < 1 else None
    steps = [
        crop or v2.CenterCrop(side),
        on["flip"] and v2.RandomHorizontalFlip(on["flip"]),
        on["vertical_flip"] and v2.RandomVerticalFlip(on["vertical_flip"]),
        _automatic(augmentation.policy),
        _affine(on),
        on["perspective"] and v2.RandomPerspective(on["perspective"]),
        _colour(on),
        on["grayscale"] and v2.RandomGrayscale(on["grayscale"]),
        on["blur"] and v2.GaussianBlur(2 * math.ceil(3 * on["blur"]) + 1, (0.01, on["blur"])),
    ]
    return [step for step in steps if step]


def _automatic(policy: str) -> Transform | None:
    """TrivialAugment, https://arxiv.org/abs/2103.10158, or RandAugment, https://arxiv.org/abs/1909.13719."""
    from torchvision.transforms import v2

    return {"trivial_augment": v2.TrivialAugmentWide, "rand_augment": v2.RandAugment}.get(policy, lambda: None)()


def _affine(on: Mapping[str, float]) -> Transform | None:
    from torchvision.transforms import InterpolationMode, v2

    if not any(on[name] for name in ("rotation", "translation", "zoom", "shear")):
        return None
    return v2.RandomAffine(
        on["rotation"],
        translate=(on["translation"], on["translation"]) if on["translation"] else None,
        scale=(1 - on["zoom"], 1 + on["zoom"]) if on["zoom"] else None,
        shear=on["shear"] or None,
        interpolation=InterpolationMode.BILINEAR,
    )


def _colour(on: Mapping[str, float]) -> Transform | None:
    from torchvision.transforms import v2

    values = [on[name] for name in ("brightness", "contrast", "saturation", "hue")]
    return v2.ColorJitter(*values) if any(values) else None


def _within(name: str, value: Any, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RecipeError(f"augmentation.{name} lies in [{low:g}, {high:g}]; got {value!r}.")
