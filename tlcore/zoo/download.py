"""Bringing weights into the libraries' own caches, so that every other program on the machine has them too."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tlcore.errors import WeightsError
from tlcore.zoo.backbone import Backbone
from tlcore.zoo.caches import TOKENIZERS, hub_file, hugging_face_cache
from tlcore.zoo.weights import WeightsState, how_to_get, weights_state

__all__ = ["Tell", "download"]

Tell = Callable[[int, int], None]
"""Takes bytes done, and bytes in all; 0 where the server does not say."""
CHUNK = 2**20
TIMEOUT = 20.0
"""Seconds without a byte after which the network counts as absent."""
HASH = re.compile(r"-([0-9a-f]{8,})\.")
"""Beginning of the file's SHA-256 in the names that torch hub gives."""
SETTINGS = ("config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "merges.txt")
"""Small files beside the weights and the vocabulary."""
EXTRAS = ("sentence_bert_config.json", "modules.json", "1_Pooling/config.json")


def download(backbone: Backbone, tell: Tell = lambda done, total: None) -> WeightsState:
    """Fetch the weights, and the tokenizer of a text network; returns where they are. Nothing is fetched twice.

    Raises:
        WeightsError: no network, no such file, a full disk, or a file other than was published.
    """
    target = hub_file(backbone)
    if backbone.source != "torchvision" and backbone.hub_id:
        _from_hugging_face(backbone, tell)
    elif target:
        if not target.is_file():
            _from_torch_hub(backbone, target, tell)
    else:
        raise WeightsError(how_to_get(backbone))
    return weights_state(backbone)


def _from_torch_hub(backbone: Backbone, target: Path, tell: Tell) -> None:
    """As `torch.hub.load_state_dict_from_url` does, without loading torch: the file appears whole and checked."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{os.getpid()}-{target.name}")
    try:
        digest = _stream(backbone.url, draft, tell)
        expected = HASH.search(target.name)
        if expected and not digest.startswith(expected[1]):
            raise WeightsError(
                f"What came from {backbone.url} is not the published file: its hash begins with {digest[:8]}, not "
                f"{expected[1]}. Try again; if that does not help, something on the way changes downloads."
            )
        draft.replace(target)
    except HTTPError as error:
        raise WeightsError(f"{backbone.url} answered {error.code} {error.reason}. {_else(backbone)}") from error
    except OSError as error:
        raise WeightsError(_failed(backbone, error)) from error
    finally:
        draft.unlink(missing_ok=True)


def _stream(url: str, draft: Path, tell: Tell) -> str:
    """Save what a URL gives; returns its SHA-256."""
    digest, done = hashlib.sha256(), 0
    with urlopen(Request(url, headers={"User-Agent": "tlstudio"}), timeout=TIMEOUT) as answer, draft.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        while chunk := answer.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
            done += len(chunk)
            tell(done, total)
    if total and done != total:
        raise OSError(f"the connection ended after {done:,} of {total:,} bytes")
    return digest.hexdigest()


def _from_hugging_face(backbone: Backbone, tell: Tell) -> None:
    """Through huggingface_hub, which resumes, checks and keeps apart what it fetches."""
    from huggingface_hub import HfApi, errors, hf_hub_download

    try:
        about = HfApi().model_info(backbone.hub_id, files_metadata=True, timeout=TIMEOUT)
        sizes = {file.rfilename: file.size or 0 for file in about.siblings or ()}
        wanted = _wanted(tuple(sizes), text=backbone.modality == "text")
        total, before = sum(sizes[name] for name in wanted), 0
        for name in wanted:
            bar = _bar(tell, before, total)
            hf_hub_download(backbone.hub_id, name, cache_dir=hugging_face_cache(), tqdm_class=bar)
            before += sizes[name]
            tell(before, total)
    except errors.RepositoryNotFoundError as error:
        raise WeightsError(
            f"Hugging Face has no {backbone.hub_id} that is open to everybody. {_else(backbone)}"
        ) from error
    except (OSError, errors.HTTPError, errors.XetDownloadError) as error:  # type: ignore[attr-defined]
        raise WeightsError(_failed(backbone, error)) from error


def _wanted(files: tuple[str, ...], *, text: bool) -> list[str]:
    """Safetensors where there are any, else torch's file; the rest only for texts. Small ones first."""
    safe = [name for name in files if name.endswith(".safetensors") and "/" not in name]
    weights = safe or [name for name in files if re.fullmatch(r"pytorch_model.*\.bin", name)]
    if not weights:
        raise FileNotFoundError("it has no weights in safetensors or torch's format")
    index = [name for name in files if name == f"{'model.safetensors' if safe else 'pytorch_model.bin'}.index.json"]
    beside = [name for name in (*SETTINGS, *TOKENIZERS, *EXTRAS) if name in files] if text else []
    return [*beside, *index, *weights]


def _bar(tell: Tell, before: int, total: int) -> Any:
    """What the client takes for a progress bar, and only tells."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "disable": True})
            self.done = 0

        def update(self, n: float | None = 1) -> None:
            self.done += int(n or 0)
            tell(min(before + self.done, total), total)

    return Bar


def _failed(backbone: Backbone, error: Exception) -> str:
    reason = str(getattr(error, "reason", "") or error).split("\n")[0][:200]
    return (
        f"The download of {backbone.title} failed ({reason}): is there a network? Try again with one, or upload its "
        "file, copy it from the cache of a machine that has it, or take a backbone whose weights come as a package."
    )


def _else(backbone: Backbone) -> str:
    return how_to_get(backbone)
