"""A network with its pretrained weights in it, from wherever they are on this machine."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from tlcore.errors import WeightsError
from tlcore.zoo.backbone import Backbone
from tlcore.zoo.networks import Encoder, network, unpooled, without_head
from tlcore.zoo.report import WeightsReport, compare
from tlcore.zoo.surgery import AUXILIARY, classifier
from tlcore.zoo.tensors import named, read
from tlcore.zoo.weights import how_to_get, weights_state

__all__ = ["core", "heads_of", "matching_tensors", "pretrained"]

TEXT_HEADS = ("cls.", "classifier.", "lm_head.", "pooler.", "predictions.", "pre_classifier.", "qa_outputs.", "score.")
"""What stands on the encoders of transformers."""
VOCABULARY_HEADS = ("vocab_transform.", "vocab_layer_norm.", "vocab_projector.", "sop_classifier.", "head.")


def pretrained(backbone: Backbone, home: Path | None = None) -> nn.Module:
    """The network without its classifier, with the weights that `weights_state` finds.

    Raises:
        WeightsError: there are none on this machine, or they do not fit.
    """
    state = weights_state(backbone, home)
    if state.path is None:
        raise WeightsError(state.detail if backbone.modality == "text" else how_to_get(backbone, home))
    if backbone.source == "transformers" and state.kind != "uploaded":
        return Encoder(_from_folder(backbone, state.path), backbone.pooling)
    if backbone.source == "timm" and state.kind == "cached":
        return _from_timm_file(backbone, state.path)
    whole = network(backbone, draw=False)
    given, heads = _tensors(backbone, state.kind, state.path, whole), heads_of(backbone, whole)
    module = without_head(backbone, whole)
    _fill(core(module), backbone, given, heads, state.path.name)
    return module


def core(module: nn.Module) -> nn.Module:
    """The library's network inside a backbone: of a text backbone its encoder."""
    return module.encoder if isinstance(module, Encoder) else module


def matching_tensors(
    given: Mapping[str, Tensor], own: Mapping[str, Tensor], backbone: Backbone, heads: tuple[str, ...], file: str
) -> tuple[dict[str, Tensor], WeightsReport]:
    """A file's tensors under the network's names, and the report on them; `heads` as `heads_of` says."""
    here = named(given, own)
    return here, compare(here, own, classifier=heads, file=file, title=backbone.title)


def heads_of(backbone: Backbone, whole: nn.Module) -> tuple[str, ...]:
    """What names of tensors above the backbone begin with, in the network as its library makes it."""
    if backbone.source == "transformers":
        return TEXT_HEADS + VOCABULARY_HEADS
    return (classifier(whole) + ".", *(auxiliary + "." for auxiliary in AUXILIARY))


def _tensors(backbone: Backbone, kind: str, path: Path, whole: nn.Module) -> dict[str, Tensor]:
    if kind != "packaged":
        return read(path)
    files = sorted(path.glob("*.pth"))
    if len(files) != 1:
        raise WeightsError(
            f"Expected one weights file for {backbone.title}, found {len(files)}. Reinstall its package."
        )
    return _in_order(read(files[0]), whole.state_dict(), backbone)


def _in_order(saved: Mapping[str, Tensor], own: Mapping[str, Tensor], backbone: Backbone) -> dict[str, Tensor]:
    """The package names its tensors differently but keeps their order; every shape is compared."""
    fits = len(saved) == len(own) and all(a.shape == b.shape for a, b in zip(saved.values(), own.values(), strict=True))
    if not fits:
        raise WeightsError(
            f"The packaged weights of {backbone.title} do not fit {backbone.architecture}: "
            f"{len(saved)} tensors against {len(own)}, or other shapes. Reinstall {backbone.package.replace('_', '-')}."
        )
    return dict(zip(own, saved.values(), strict=True))


def _fill(
    module: nn.Module, backbone: Backbone, given: Mapping[str, Tensor], heads: tuple[str, ...], file: str
) -> None:
    """Put the tensors in, all of them or none."""
    own = module.state_dict()
    here, report = matching_tensors(given, own, backbone, heads, file)
    if not report.fits:
        raise WeightsError(report.sentence())
    state = OrderedDict({name: here.get(name, value) for name, value in own.items()})
    state._metadata = own._metadata  # type: ignore[attr-defined]  # some networks of torchvision refuse a state without
    module.load_state_dict(state)


def _from_folder(backbone: Backbone, folder: Path) -> nn.Module:
    """Through transformers, which knows the older names of its own files."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()  # heads left out are not news
    kind = getattr(transformers, backbone.architecture)
    try:
        module, loading = kind.from_pretrained(
            folder, local_files_only=True, attn_implementation="sdpa", output_loading_info=True, **unpooled(kind)
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise WeightsError(f"The weights of {backbone.title} in {folder} cannot be loaded: {error}") from error
    lost = sorted(loading["missing_keys"]) + sorted(str(key) for key in loading["mismatched_keys"])
    if lost:
        raise WeightsError(
            f"The weights of {backbone.title} in {folder} are not complete: {lost[0]} is missing or of another shape, "
            f"and {len(lost) - 1} others. Delete the folder and download them again."
        )
    if hasattr(module.config, "use_cache"):
        module.config.use_cache = False
    return module  # type: ignore[no-any-return]


def _from_timm_file(backbone: Backbone, file: Path) -> nn.Module:
    """Through timm, which knows the older names of its own files, and reads nothing but tensors."""
    import timm
    import torch

    try:
        module: nn.Module = timm.create_model(
            backbone.architecture, pretrained=True, pretrained_cfg_overlay={"file": str(file)}
        )
    except Exception as error:  # whatever timm stumbles over in a damaged file
        raise WeightsError(f"The weights of {backbone.title} in {file} cannot be loaded: {error}") from error
    module.reset_classifier(0)  # type: ignore[operator]
    return module.to(memory_format=torch.channels_last)
