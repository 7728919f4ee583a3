"""The record of any text encoder at Hugging Face, made of its configuration."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tlcore.errors import RecipeError, WeightsError
from tlcore.zoo.backbone import Backbone
from tlcore.zoo.caches import hugging_face_cache, snapshot, weights_in
from tlcore.zoo.names import LICENCES

__all__ = ["text_backbone"]

TOKENS = ("input_ids", "token_type_ids", "attention_mask")
ABOUT = (
    "transformers_version",
    "model_type",
    "architectures",
    "dtype",
    "_name_or_path",
    "id2label",
    "label2id",
    "auto_map",
)
"""Of a configuration, what does not shape the network."""
SETTINGS = ("config.json", "sentence_bert_config.json", "1_Pooling/config.json")
TIMEOUT = 20.0
"""Seconds."""
LONGEST = 1024
"""Tokens: some networks read far more, which is of little use for classes and costs much."""
USUAL = 512
"""Tokens, of networks that set no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Repository:
    """What is known of an id before its weights are here."""

    folder: Path
    licence: str = "unknown"
    file_size: int = 0


def text_backbone(hub_id: str) -> Backbone:
    """The encoder that Hugging Face knows as `owner/name`.

    Raises:
        RecipeError: there is no such id, it brings code of its own, or it is no encoder of texts.
        WeightsError: its configuration is not on this machine, and cannot be downloaded.
    """
    from tlcore.zoo.networks import unpooled
    from tlcore.zoo.shapes import shapes
    from tlcore.zoo.stages import divide

    found = _repository(hub_id)
    folder = found.folder
    config = _config(hub_id, folder)
    architecture, kind = _kind(hub_id, config)
    plain = {k: v for k, v in config.to_diff_dict().items() if k not in ABOUT and "attn_implementation" not in k}
    whole = shapes(lambda: kind(kind.config_class(**plain)))
    stages = divide(shapes(lambda: kind(kind.config_class(**plain), **unpooled(kind))))
    return Backbone(
        name=hub_id,
        title=hub_id,
        modality="text",
        source="transformers",
        architecture=architecture,
        config=plain,
        hub_id=hub_id,
        family=config.model_type,
        n_params=sum(stages.n_params),
        n_params_published=sum(parameter.numel() for parameter in whole.parameters()),
        file_size=found.file_size,
        recipe=f"https://huggingface.co/{hub_id}",
        n_features=config.hidden_size,
        stages=stages.names,
        stage_params=stages.n_params,
        max_tokens=_max_tokens(config, folder),
        depth=getattr(config, "num_hidden_layers", 0),
        tokens=_tokens(kind, config),
        pooling=_pooling(config, folder),
        licence=found.licence,
        summary="Added by name from Hugging Face.",
    )


def _repository(hub_id: str) -> _Repository:
    """From the cache if its configuration is there, else from the network."""
    cached = snapshot(hub_id)
    if cached and (cached / "config.json").is_file():
        weights = weights_in(cached)
        return _Repository(folder=cached, file_size=weights.stat().st_size if weights else 0)
    from huggingface_hub import HfApi, errors

    try:
        return _fetched(hub_id, HfApi().model_info(hub_id, files_metadata=True, timeout=TIMEOUT))
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise RecipeError(f"Hugging Face has no {hub_id!r} that is open to everybody. Is it spelt right?") from error
    except (OSError, errors.HTTPError) as error:  # type: ignore[attr-defined]
        raise WeightsError(
            f"The configuration of {hub_id} is not in {hugging_face_cache()}, and Hugging Face cannot be reached. "
            "Add it with a network, or copy its folder from the cache of a machine that has it."
        ) from error


def _fetched(hub_id: str, about: Any) -> _Repository:
    """The configuration, in the cache from now on."""
    from huggingface_hub import hf_hub_download

    sizes = {file.rfilename: file.size or 0 for file in about.siblings or ()}
    if "config.json" not in sizes:
        raise RecipeError(f"{hub_id} has no config.json, so it is no network of transformers.")
    for name in (name for name in SETTINGS if name in sizes):
        hf_hub_download(hub_id, name, cache_dir=hugging_face_cache())
    folder = snapshot(hub_id)
    if folder is None:
        raise WeightsError(f"What came of {hub_id} is not in {hugging_face_cache()}: is the disk full?")
    licence = str((about.card_data or {}).get("license") or "unknown")
    size = sum(n for name, n in sizes.items() if name.endswith(".safetensors") and "/" not in name)
    return _Repository(
        folder=folder, licence=LICENCES.get(licence, licence), file_size=size or sizes.get("pytorch_model.bin", 0)
    )


def _config(hub_id: str, folder: Path) -> Any:
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise RecipeError(
            f"transformers does not know the kind of network that {hub_id} is, or it brings code of its own, which is "
            "never run."
        ) from error
    if getattr(config, "is_encoder_decoder", False) or not getattr(config, "hidden_size", 0):
        raise RecipeError(f"{hub_id} is a {config.model_type}, which is no encoder of texts.")
    return config


def _kind(hub_id: str, config: Any) -> tuple[str, Any]:
    import transformers

    try:
        kind: Any = transformers.AutoModel._model_mapping[type(config)]
    except KeyError:
        kind = None
    if kind is None or "input_ids" not in inspect.signature(kind.forward).parameters:
        raise RecipeError(f"{hub_id} is a {config.model_type}, which does not read texts.")
    return kind.__name__, kind


def _tokens(kind: Any, config: Any) -> tuple[str, ...]:
    """Token types only where the network tells them apart."""
    taken = inspect.signature(kind.forward).parameters
    typed = getattr(config, "type_vocab_size", 0) > 1
    return tuple(name for name in TOKENS if name in taken and (typed or name != "token_type_ids"))


def _max_tokens(config: Any, folder: Path) -> int:
    """What its makers set, or the rows of its table of positions, of which RoBERTa's relatives leave two unused."""
    said = _json(folder / "sentence_bert_config.json").get("max_seq_length")
    rows = getattr(config, "max_position_embeddings", 0) or USUAL
    return min(int(said or LONGEST), rows - rows % 8, LONGEST)


def _pooling(config: Any, folder: Path) -> Literal["mean", "first", "last"]:
    """As a sentence encoder's own file says; the last token of those that write, the first of all others."""
    said = _json(folder / "1_Pooling" / "config.json")
    if said.get("pooling_mode_mean_tokens") or said.get("pooling_mode") == "mean":
        return "mean"
    if said.get("pooling_mode_cls_token") or said.get("pooling_mode") == "cls":
        return "first"
    writes = any(name.endswith(("CausalLM", "LMHeadModel")) for name in config.architectures or ())
    return "last" if writes else "first"


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
