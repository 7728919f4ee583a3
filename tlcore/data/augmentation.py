"""Training-time changes of a picture that do not change its label. Never used on val or test.

The policies are torchvision's transforms with the figures given here; each view of an image is drawn from a seed of its
own, so that the same view is the same pixels whenever it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tlcore.data.transforms import ImagePreprocessing, Pixels
from tlcore.errors import RecipeError

if TYPE_CHECKING:
    from torchvision.transforms.v2 import Transform

__all__ = ["MAX_VIEWS", "POLICIES", "Augmentation", "augmenter"]

MAX_VIEWS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How training images are varied."""

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

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise RecipeError(f"There is no augmentation called {self.policy!r}. Known: {', '.join(POLICIES)}.")
        if not isinstance(self.views, int) or not 0 <= self.views <= MAX_VIEWS:
            raise RecipeError(f"augmentation.views is a whole number from 0 to {MAX_VIEWS}; got {self.views!r}.")
        for name, value, high in (("erasing", self.erasing, 1), ("mixup", self.mixup, 10), ("cutmix", self.cutmix, 10)):
            if not 0 <= value <= high:
                raise RecipeError(f"augmentation.{name} lies in [0, {high}]; got {value}.")
        if self.views and not self.active:
            raise RecipeError(f"{self.views} augmented views of each image need a policy; the policy is 'none'.")

    @property
    def active(self) -> bool:
        """Single images are varied."""
        return self.policy != "none" or self.erasing > 0

    @property
    def mixes(self) -> bool:
        """Images of a batch are mixed with each other."""
        return self.mixup > 0 or self.cutmix > 0

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


def augmenter(augmentation: Augmentation, preprocessing: ImagePreprocessing) -> Callable[[Pixels, int], Pixels]:
    """A function of resized pixels (H, W, 3) and a seed -> (S, S, 3) as a network's training would see them."""
    import torch
    from torchvision.transforms import v2
    from torchvision.transforms.v2 import functional

    transform = POLICIES[augmentation.policy](preprocessing)
    mean = [round(255 * value) for value in preprocessing.mean]
    erase = v2.Compose([v2.PILToTensor(), v2.RandomErasing(augmentation.erasing, value=mean), v2.ToPILImage()])

    def vary(pixels: Pixels, seed: int) -> Pixels:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            shown = transform(functional.to_pil_image(np.ascontiguousarray(pixels)))
            return np.asarray(erase(shown) if augmentation.erasing else shown)

    return vary


def _none(preprocessing: ImagePreprocessing) -> Transform:
    from torchvision.transforms import v2

    return v2.CenterCrop(preprocessing.input_size)


def _light(preprocessing: ImagePreprocessing) -> Transform:
    from torchvision.transforms import v2

    return v2.Compose([*_crop_and_flip(preprocessing), v2.ColorJitter(0.2, 0.2, 0.2)])


def _standard(preprocessing: ImagePreprocessing) -> Transform:
    from torchvision.transforms import InterpolationMode, v2

    turn = v2.RandomAffine(15, translate=(0.1, 0.1), interpolation=InterpolationMode.BILINEAR)
    return v2.Compose([*_crop_and_flip(preprocessing), turn, v2.ColorJitter(0.2, 0.2, 0.2, 0.1)])


def _trivial(preprocessing: ImagePreprocessing) -> Transform:
    """TrivialAugment, https://arxiv.org/abs/2103.10158."""
    from torchvision.transforms import v2

    return v2.Compose([*_crop_and_flip(preprocessing), v2.TrivialAugmentWide()])


def _rand(preprocessing: ImagePreprocessing) -> Transform:
    """RandAugment, https://arxiv.org/abs/1909.13719."""
    from torchvision.transforms import v2

    return v2.Compose([*_crop_and_flip(preprocessing), v2.RandAugment()])


def _crop_and_flip(preprocessing: ImagePreprocessing) -> list[Transform]:
    from torchvision.transforms import InterpolationMode, v2

    mode = InterpolationMode(preprocessing.interpolation)
    crop = v2.RandomResizedCrop(preprocessing.input_size, scale=(0.8, 1.0), interpolation=mode, antialias=True)
    return [crop, v2.RandomHorizontalFlip(0.5)]


POLICIES: Mapping[str, Callable[[ImagePreprocessing], Transform]] = {
    "none": _none,
    "light": _light,
    "standard": _standard,
    "trivial_augment": _trivial,
    "rand_augment": _rand,
}
