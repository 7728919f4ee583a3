"""Where the libraries keep what they have downloaded, found without loading them."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from tlcore.zoo.backbone import Backbone

__all__ = ["hub_file", "hugging_face_cache", "snapshot", "tokenizer_in", "torch_hub_cache", "weights_in"]

TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model")
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


def torch_hub_cache() -> Path:
    """As torch.hub finds it, https://docs.pytorch.org/docs/stable/hub.html#where-are-my-downloaded-models-saved."""
    return Path(os.environ.get("TORCH_HOME") or _cache() / "torch").expanduser() / "hub" / "checkpoints"


def hugging_face_cache() -> Path:
    """As huggingface_hub finds it, https://huggingface.co/docs/huggingface_hub/guides/manage-cache."""
    chosen = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    return Path(chosen or Path(os.environ.get("HF_HOME") or _cache() / "huggingface") / "hub").expanduser()


def hub_file(backbone: Backbone) -> Path | None:
    """Where torch hub would keep the weights; None for a backbone that has none there."""
    return torch_hub_cache() / Path(urlsplit(backbone.url).path).name if backbone.url else None


def snapshot(hub_id: str) -> Path | None:
    """The newest download of a Hugging Face repository, also under the name it had before it got an owner."""
    for name in (hub_id, hub_id.rpartition("/")[2]) if hub_id else ():
        folder = hugging_face_cache() / f"models--{name.replace('/', '--')}"
        try:
            commit = (folder / "refs" / "main").read_text().strip()
        except OSError:
            continue
        if commit and (folder / "snapshots" / commit).is_dir():
            return folder / "snapshots" / commit
    return None


def weights_in(folder: Path | None) -> Path | None:
    """The file with the weights in a downloaded repository; of several, the first."""
    found = (path for pattern in WEIGHTS for path in sorted(folder.glob(pattern))) if folder else iter(())
    return next(found, None)


def tokenizer_in(folder: Path | None) -> bool:
    """Whether a folder holds the vocabulary of a text network."""
    return folder is not None and any((folder / name).is_file() for name in TOKENIZERS)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
