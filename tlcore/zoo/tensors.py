"""Files of tensors as people have them: read without running code, and brought to a network's own names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from tlcore.errors import WeightsError

__all__ = ["named", "read", "renamed"]

WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "net", "weights")
"""Keys under which training scripts keep a state dict, beside their optimizer and epoch."""
PARALLEL = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before each name."""
OLD_NAMES = (
    (re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)"), r"\1\2"),
    (re.compile(r"\.mlp\.linear_1\."), ".mlp.0."),
    (re.compile(r"\.mlp\.linear_2\."), ".mlp.3."),
    (re.compile(r"LayerNorm\.gamma$"), "LayerNorm.weight"),
    (re.compile(r"LayerNorm\.beta$"), "LayerNorm.bias"),
)
"""Names in files that the libraries still publish, and today's: of DenseNet, of ViT, of BERT."""


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a `.safetensors` file, or of a state dict saved by torch (`.pt`, `.pth`, `.bin`).

    Raises:
        WeightsError: it is neither, is damaged, or holds something other than tensors.
    """
    if path.suffix not in (".safetensors", ".pt", ".pth", ".bin"):
        raise WeightsError(f"{path.name!r} is no file of weights: it takes .safetensors, .pt, .pth or .bin.")
    try:
        found = _safetensors(path) if path.suffix == ".safetensors" else _torch(path)
    except OSError as error:
        raise WeightsError(f"Cannot read {path.name!r}: {error.strerror or error}.") from error
    except Exception as error:  # the two readers raise whatever a damaged file makes them stumble over
        raise WeightsError(
            f"{path.name!r} cannot be read as weights: it is damaged, or holds more than tensors, which is refused "
            "because it could run code. Save the state dict alone: torch.save(model.state_dict(), FILE)."
        ) from error
    return _unwrapped(found, path.name)


def renamed(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without what parallel training puts before names, and with today's names for old ones."""
    named = dict(given)
    for start in PARALLEL:
        if named and all(name.startswith(start) for name in named):
            named = {name.removeprefix(start): value for name, value in named.items()}
    return {_today(name): value for name, value in named.items()}


def named(given: Mapping[str, Tensor], own: Iterable[str]) -> dict[str, Tensor]:
    """The tensors under a network's `own` names: without the prefix, such as `bert.`, under which most of them fit."""
    clean, wanted = renamed(given), set(own)
    prefixes = Counter(start for name in clean for start in _starts(name) if name.removeprefix(start) in wanted)
    if not prefixes:
        return clean
    prefix = max(prefixes, key=lambda start: (prefixes[start], -len(start)))
    return {name.removeprefix(prefix): value for name, value in clean.items()}


def _starts(name: str) -> list[str]:
    """`a.b.c` begins with nothing, with `a.` and with `a.b.`."""
    parts = name.split(".")
    return ["", *(".".join(parts[:i]) + "." for i in range(1, min(len(parts), 4)))]


def _today(name: str) -> str:
    for old, new in OLD_NAMES:
        name = old.sub(new, name)
    return name


def _safetensors(path: Path) -> object:
    from safetensors.torch import load_file

    return load_file(path)


def _torch(path: Path) -> object:
    return torch.load(path, map_location="cpu", weights_only=True)


def _unwrapped(found: object, file: str) -> dict[str, Tensor]:
    """The innermost state dict, of tensors alone."""
    for _ in range(3):
        inner = next((found[k] for k in WRAPPERS if _holds(found, k)), None) if isinstance(found, Mapping) else None
        if inner is None:
            break
        found = inner
    tensors = {str(k): v for k, v in found.items() if isinstance(v, Tensor)} if isinstance(found, Mapping) else {}
    if not tensors:
        raise WeightsError(f"{file!r} holds no state dict, which is a mapping from names to tensors.")
    return tensors


def _holds(found: Mapping[object, object], key: str) -> bool:
    return isinstance(found.get(key), Mapping)
