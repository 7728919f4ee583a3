"""Networks as shapes: built on torch's meta device, where tensors have sizes and no content."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from tlcore.adapters.roles import FUSED
from tlcore.adapters.shapes import Block, Matrix, Shapes
from tlcore.adapters.targets import matrices
from tlcore.errors import RecipeError
from tlcore.zoo import Backbone
from tlcore.zoo.networks import headless
from tlcore.zoo.shapes import shapes

__all__ = ["describe_backbone", "describe_config", "describe_network"]

WORDS = ("hidden_act", "hidden_activation", "activation_function", "activation", "feed_forward_proj", "layer_types")
"""Settings in words that are taken from a pasted config."""
DECOMPOSED = ("gelu_new", "gelu_fast", "gelu_pytorch_tanh_python", "quick_gelu")
"""Activations that transformers computes step by step, so that autograd keeps each step."""
_LOG = logging.getLogger(__name__)


def describe_backbone(record: Backbone) -> Shapes:
    """A backbone of the zoo, without weights."""
    with _quiet():
        network = shapes(lambda: headless(record, draw=False))
    config = getattr(getattr(network, "encoder", None), "config", None)
    made = describe_network(
        network, name=record.name, title=record.title, kind="image" if record.modality == "image" else "encoder",
        config=config, n_features=record.n_features, max_tokens=record.max_tokens,
    )  # fmt: skip
    if record.modality == "text":
        return made
    return replace(made, sample_bytes=_kept_bytes(network, record.input_size))


def describe_config(config: Mapping[str, Any], *, name: str, title: str = "") -> Shapes:
    """A transformers model of these settings, a decoder with its output head and others without one.

    Raises:
        RecipeError: transformers does not know the architecture, or cannot build it of these numbers.
    """
    import transformers

    kind = str(config["model_type"])
    _quieten(transformers)
    if kind not in transformers.CONFIG_MAPPING:
        raise RecipeError(f"transformers {transformers.__version__} knows no model_type {kind!r}.")
    auto, decoder = _auto(kind, config)
    try:
        with torch.device("meta"), _quiet():
            made = transformers.CONFIG_MAPPING[kind](**_known(config, transformers.CONFIG_MAPPING[kind]()))
            network: nn.Module = auto.from_config(made, trust_remote_code=False)
    except (RecipeError, MemoryError):
        raise
    except Exception as error:  # architectures refuse what they cannot be built of in as many ways as there are
        _LOG.info("cannot build %s", kind, exc_info=True)
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise RecipeError(f"transformers cannot build a {kind} of these settings: {reason}") from error
    image = getattr(made, "image_size", None) and not decoder
    return describe_network(
        network, name=name, title=title or f"{type(network).__name__} from a config.json",
        kind="decoder" if decoder else "image" if image else "encoder", config=made, n_features=_width(made),
        max_tokens=0 if image else int(getattr(made, "max_position_embeddings", 0) or 0),
    )  # fmt: skip


def describe_network(
    network: nn.Module,
    *,
    name: str,
    title: str,
    kind: Any,
    config: Any = None,
    n_features: int = 0,
    max_tokens: int = 0,
) -> Shapes:
    """Any module; `config` is the transformers configuration that it was built of, if any."""
    found = matrices(network)
    embeddings = {id(m.weight): m.weight for m in network.modules() if isinstance(m, nn.Embedding)}
    patches = _patches(config) if kind == "image" and config is not None else 0
    return Shapes(
        name=name,
        title=title,
        kind=kind,
        matrices=found,
        n_params=sum(p.numel() for p in network.parameters()),
        n_biases=sum(p.numel() for n, p in network.named_parameters() if n.endswith(".bias")),
        n_embedding=sum(weight.numel() for weight in embeddings.values()),
        n_features=n_features,
        vocab=int(config.get_text_config().vocab_size) if kind == "decoder" else 0,
        tokens=patches,
        max_tokens=max_tokens,
        block=_block(network, config, found) if config is not None else None,
    )


def _auto(kind: str, config: Mapping[str, Any]) -> tuple[Any, bool]:
    """The class that builds it, and whether it writes text. BERT can, but is an encoder unless it says otherwise."""
    from transformers import AutoModel, AutoModelForCausalLM
    from transformers.models.auto import modeling_auto

    named = config.get("architectures") or [""]
    first = str(named[0]) if isinstance(named, list) else ""
    writes = first.endswith(("ForCausalLM", "LMHeadModel"))
    reads = kind in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    can = kind in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    decoder = can and (writes or (not first and not reads))
    return (AutoModelForCausalLM if decoder else AutoModel), decoder


def _known(given: Mapping[str, Any], usual: Any) -> dict[str, Any]:
    """Of the settings given those that the architecture has, where they are numbers, switches, or known words."""
    taken: dict[str, Any] = {}
    for key, value in given.items():
        if not hasattr(usual, key) or key in ("model_type", "architectures", "num_labels", "use_pretrained_backbone"):
            continue
        part = getattr(usual, key)
        if isinstance(value, Mapping) and hasattr(part, "to_dict"):
            taken[key] = type(part)(**_known(value, part))
        elif _harmless(key, value):
            taken[key] = value
    return taken


def _harmless(key: str, value: object) -> bool:
    if isinstance(value, list):
        return all(_harmless(key, one) for one in value)
    if isinstance(value, str):
        return key in WORDS
    return value is None or isinstance(value, bool | int | float)


def _block(network: nn.Module, config: Any, found: tuple[Matrix, ...]) -> Block | None:
    inner = config.get_text_config()
    sizes = [getattr(inner, name, None) for name in ("num_hidden_layers", "hidden_size", "num_attention_heads")]
    if not all(isinstance(size, int) and size > 0 for size in sizes):
        return None
    layers, hidden, heads = map(int, sizes)  # type: ignore[arg-type]
    first = {matrix.role: matrix for matrix in reversed(found) if matrix.role}
    query = first["query"].d_out if "query" in first else hidden
    key = first["key"].d_out if "key" in first else query
    if FUSED in first:
        key = (first[FUSED].d_out - query) // 2
    up = first.get("up") or first.get("gate")
    return Block(
        layers=layers + _more_layers(config),
        hidden=hidden,
        heads=heads,
        query=query,
        key=key,
        mlp=up.d_out if up else int(getattr(inner, "intermediate_size", 0) or 4 * hidden),
        mlp_copies=4 if "gate" in first else 5 if _activation(inner) in DECOMPOSED else 2,
        float32_norms=any("RMSNorm" in type(module).__name__ for module in network.modules()),
        head_norms=any(name.endswith((".q_norm", ".query_norm")) for name, _ in network.named_modules()),
    )


def _more_layers(config: Any) -> int:
    """Of the decoder, where there is one behind an encoder."""
    return int(getattr(config, "num_decoder_layers", 0) or 0) if getattr(config, "is_encoder_decoder", False) else 0


def _activation(config: Any) -> str:
    return next((str(value) for word in WORDS if (value := getattr(config, word, None))), "")


def _patches(config: Any) -> int:
    """Tokens of an image in a vision transformer, its class token among them."""
    side, patch = getattr(config, "image_size", 0), getattr(config, "patch_size", 0)
    return (side // patch) ** 2 + 1 if isinstance(side, int) and isinstance(patch, int) and side and patch else 0


def _width(config: Any) -> int:
    return int(getattr(config.get_text_config(), "hidden_size", 0) or 0)


def _kept_bytes(network: nn.Module, side: int) -> int:
    """Bytes that autograd keeps of one more image in float32 when everything trains; 0 where that cannot be told."""
    modes = [(module, module.training) for module in network.modules()]
    try:
        two, three = (_saved(network.train(), torch.zeros(n, 3, side, side, device="meta")) for n in (2, 3))
    except (RuntimeError, NotImplementedError, ValueError, TypeError):
        _LOG.info("activations cannot be counted without content", exc_info=True)
        return 0
    finally:
        for module, training in modes:
            module.training = training
    return three - two


def _saved(network: nn.Module, x: Tensor) -> int:
    own = {p.untyped_storage()._cdata for p in (*network.parameters(), *network.buffers())}
    kept: dict[int, tuple[int, Tensor]] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = (storage.nbytes(), tensor)  # the tensor keeps its address from being used again
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(x)
    return sum(size for size, _ in kept.values())


def _quieten(transformers: Any) -> None:
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of initialisations and of pretrained weights, none of which are made
        yield
