"""Public datasets by their names: torchvision's classifiers whose files that library pins by their MD5."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tlcore.data.dataset import Modality
from tlcore.data.splits import Split

__all__ = ["PUBLIC", "Pinned", "PublicDataset", "pinned", "public_dataset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A file as the library names it."""

    urls: tuple[str, ...]
    """Where it can be had; any will do."""
    place: str
    """Where the library looks for it, below its root."""
    md5: str
    """32 hex characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDataset:
    """What is known of a dataset before it is fetched."""

    name: str
    """What follows `public:`."""
    title: str
    loader: str
    """The class of `torchvision.datasets`."""
    n_samples: int
    n_classes: int
    n_bytes: int = 0
    """Of its download, about; 0 where not known."""
    homepage: str
    licence: str = ""
    """As its makers state it; empty where that is not known here."""
    modality: Modality = "image"
    splits: Mapping[Split | None, Mapping[str, Any]]
    """How the loader is asked for each of its own splits; under None for all, where it has none."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What else the loader is asked."""
    files: Callable[[Any], Sequence[Pinned]]
    """Takes the loader; what it would download."""
    classes: tuple[str, ...] = ()
    """Names in the order of the labels, where the loader has none."""

    @property
    def note(self) -> str:
        """Where it comes from and what may be done with it."""
        return f"{self.homepage}; licence: {self.licence or 'not known here, see its homepage'}."


def public_dataset(name: str) -> PublicDataset | None:
    """The record of that name, if there is one."""
    return next((one for one in PUBLIC if one.name == name), None)


def pinned(record: PublicDataset) -> Sequence[Pinned]:
    """The files to fetch, as the installed library pins them."""
    from torchvision import datasets

    return record.files(getattr(datasets, record.loader))


def _packed(loader: Any) -> list[Pinned]:
    return [Pinned(urls=(loader.url,), place=loader.filename, md5=loader.tgz_md5)]


def _idx(loader: Any) -> list[Pinned]:
    return [
        Pinned(
            urls=tuple(f"{mirror}{name}" for mirror in loader.mirrors), place=f"{loader.__name__}/raw/{name}", md5=md5
        )
        for name, md5 in loader.resources
    ]


def _svhn(loader: Any) -> list[Pinned]:
    chosen = (loader.split_list[split] for split in ("train", "test"))
    return [Pinned(urls=(url,), place=name, md5=md5) for url, name, md5 in chosen]


def _flowers(loader: Any) -> list[Pinned]:
    return [
        Pinned(urls=(f"{loader._download_url_prefix}{name}",), place=f"flowers-102/{name}", md5=md5)
        for name, md5 in loader._file_dict.values()
    ]


def _pets(loader: Any) -> list[Pinned]:
    return [_below("oxford-iiit-pet/", url, md5) for url, md5 in loader._RESOURCES]


def _one(folder: str = "") -> Callable[[Any], list[Pinned]]:
    return lambda loader: [_below(folder, loader._URL, loader._MD5)]


def _imagenette(loader: Any) -> list[Pinned]:
    return [_below("", *loader._ARCHIVES["320px"])]


def _written(folder: str, *pairs: tuple[str, str]) -> Callable[[Any], list[Pinned]]:
    """For loaders that have their pins within a function."""
    return lambda loader: [_below(folder, url, md5) for url, md5 in pairs]


def _below(folder: str, url: str, md5: str) -> Pinned:
    return Pinned(urls=(url,), place=f"{folder}{url.rpartition('/')[2]}", md5=md5)


BY_FLAG: Mapping[Split | None, Mapping[str, Any]] = {"train": {"train": True}, "test": {"train": False}}
BY_NAME: Mapping[Split | None, Mapping[str, Any]] = {"train": {"split": "train"}, "test": {"split": "test"}}
ALL_THREE: Mapping[Split | None, Mapping[str, Any]] = {**BY_NAME, "val": {"split": "val"}}
GTSRB = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
EUROSAT = "https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/"
DIGITS = tuple("0123456789")

PUBLIC = (
    PublicDataset(
        name="cifar10", title="CIFAR-10", loader="CIFAR10", n_samples=60_000, n_classes=10, n_bytes=170_498_071,
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html", splits=BY_FLAG, files=_packed,
    ),
    PublicDataset(
        name="cifar100", title="CIFAR-100", loader="CIFAR100", n_samples=60_000, n_classes=100, n_bytes=169_001_437,
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html", splits=BY_FLAG, files=_packed,
    ),
    PublicDataset(
        name="mnist", title="MNIST digits", loader="MNIST", n_samples=70_000, n_classes=10, n_bytes=11_594_722,
        homepage="http://yann.lecun.com/exdb/mnist/", splits=BY_FLAG, files=_idx,
    ),
    PublicDataset(
        name="fashion-mnist", title="Fashion-MNIST", loader="FashionMNIST", n_samples=70_000, n_classes=10,
        n_bytes=30_878_645, licence="MIT", homepage="https://github.com/zalandoresearch/fashion-mnist",
        splits=BY_FLAG, files=_idx,
    ),
    PublicDataset(
        name="kmnist", title="Kuzushiji-MNIST", loader="KMNIST", n_samples=70_000, n_classes=10, n_bytes=21_240_888,
        licence="CC BY-SA 4.0", homepage="https://github.com/rois-codh/kmnist", splits=BY_FLAG, files=_idx,
    ),
    PublicDataset(
        name="svhn", title="Street View house numbers", loader="SVHN", n_samples=99_289, n_classes=10,
        n_bytes=246_316_178, licence="non-commercial use only", homepage="http://ufldl.stanford.edu/housenumbers/",
        splits=BY_NAME, files=_svhn, classes=DIGITS,
    ),
    PublicDataset(
        name="stl10", title="STL-10", loader="STL10", n_samples=13_000, n_classes=10, n_bytes=2_640_397_119,
        homepage="https://cs.stanford.edu/~acoates/stl10/", splits=BY_NAME, files=_packed,
    ),
    PublicDataset(
        name="flowers102", title="Oxford 102 flowers", loader="Flowers102", n_samples=8_189, n_classes=102,
        n_bytes=344_878_000, homepage="https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
        splits=ALL_THREE, files=_flowers,
    ),
    PublicDataset(
        name="pets", title="Oxford-IIIT pets", loader="OxfordIIITPet", n_samples=7_349, n_classes=37,
        n_bytes=811_092_049, licence="CC BY-SA 4.0", homepage="https://www.robots.ox.ac.uk/~vgg/data/pets/",
        splits={"train": {"split": "trainval"}, "test": {"split": "test"}}, files=_pets,
    ),
    PublicDataset(
        name="dtd", title="Describable textures", loader="DTD", n_samples=5_640, n_classes=47, n_bytes=625_239_812,
        homepage="https://www.robots.ox.ac.uk/~vgg/data/dtd/", splits=ALL_THREE, files=_one("dtd/"),
    ),
    PublicDataset(
        name="eurosat", title="EuroSAT land use", loader="EuroSAT", n_samples=27_000, n_classes=10, n_bytes=94_280_567,
        licence="MIT", homepage="https://github.com/phelber/eurosat", splits={None: {}},
        files=_written("eurosat/", (f"{EUROSAT}EuroSAT.zip", "c8fa014336c82ac7804f0398fcb19387")),
    ),
    PublicDataset(
        name="gtsrb", title="German traffic signs", loader="GTSRB", n_samples=39_270, n_classes=43,
        n_bytes=276_568_468, homepage="https://benchmark.ini.rub.de/", splits=BY_NAME,
        files=_written(
            "gtsrb/",
            (f"{GTSRB}GTSRB-Training_fixed.zip", "513f3c79a4c5141765e10e952eaa2478"),
            (f"{GTSRB}GTSRB_Final_Test_Images.zip", "c7e4e6327067d32654124b0fe9e82185"),
            (f"{GTSRB}GTSRB_Final_Test_GT.zip", "fe31e9c9270bbcd7b84b7f21a9d9d9e5"),
        ),
        classes=tuple(f"sign {place:02d}" for place in range(43)),
    ),
    PublicDataset(
        name="imagenette", title="Imagenette, 320 pixels", loader="Imagenette", n_samples=13_394, n_classes=10,
        n_bytes=341_663_724, licence="Apache-2.0", homepage="https://github.com/fastai/imagenette",
        splits={"train": {"split": "train"}, "val": {"split": "val"}}, options={"size": "320px"}, files=_imagenette,
    ),
    PublicDataset(
        name="food101", title="Food-101", loader="Food101", n_samples=101_000, n_classes=101, n_bytes=4_996_278_331,
        homepage="https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/", splits=BY_NAME, files=_one(),
    ),
    PublicDataset(
        name="rendered-sst2", title="Rendered SST-2", loader="RenderedSST2", n_samples=9_613, n_classes=2,
        homepage="https://github.com/openai/CLIP/blob/main/data/rendered-sst2.md", splits=ALL_THREE, files=_one(),
    ),
)  # fmt: skip
"""Sizes and counts as their homepages and loaders give them."""
