"""The same frozen backbone in fastai, where it is installed: `pip install fastai`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from tlcore.zoo import Backbone
from tlcore.zoo.model import TransferModel

__all__ = ["installed", "train"]


def installed() -> bool:
    """Whether there is a fastai to compare with."""
    return find_spec("fastai") is not None


def train(model: TransferModel, record: Backbone, pictures: Path, *, epochs: int, lr: float, batch_size: int) -> None:
    """As its own tutorials do: images from class folders, a third for validation, the body frozen."""
    from fastai.callback import progress  # noqa: F401  gives a learner `no_bar`
    from fastai.learner import Learner
    from fastai.losses import CrossEntropyLossFlat
    from fastai.metrics import accuracy
    from fastai.torch_core import params
    from fastai.vision.augment import Resize
    from fastai.vision.data import ImageDataLoaders, Normalize

    statistics = Normalize.from_stats(record.mean, record.std, cuda=False)
    loaders = ImageDataLoaders.from_folder(
        pictures,
        valid_pct=1 / 3,
        seed=0,
        item_tfms=Resize(record.input_size),
        batch_tfms=statistics,
        bs=batch_size,
        num_workers=2,
        device="cpu",
    )
    learner = Learner(
        loaders,
        model,
        loss_func=CrossEntropyLossFlat(),
        metrics=accuracy,
        splitter=lambda net: [params(net.backbone), params(net.head)],
    )
    learner.freeze()
    with learner.no_bar(), learner.no_logging():
        learner.fit(epochs, lr)
