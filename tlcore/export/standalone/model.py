"""The classifier of this folder: `load()`, then `predict`. How inputs are made is in `model.json`.

It runs `model.onnx` with ONNX Runtime where both are there, else `model.safetensors` with PyTorch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Model", "load"]

Array = NDArray[Any]
Run = Callable[[Mapping[str, Array]], Array]
LONGEST = 8
"""Of an image longer than so many times its shorter side, the ends are left out."""
SENSOR_BITS = (8, 10, 12, 14, 16)


class Model:
    """Samples in, logits or probabilities out. Threads may share it."""

    def __init__(self, about: Mapping[str, Any], folder: Path, run: Run) -> None:
        self.about, self._run = about, run
        self.name: str = about["name"]
        self.modality: str = about["modality"]
        self.classes: list[str] = about["classes"]
        self.temperature: float = about["temperature"]
        self._tokenizer: Any = _tokenizer(folder, about["text"]) if self.modality == "text" else None

    def read(self, data: bytes) -> Any:
        """The bytes of an image file -> the RGB picture a person would see."""
        return _picture(data)

    def inputs(self, samples: Sequence[Any]) -> dict[str, Array]:
        """Pictures, or texts, as the network reads them."""
        if self.modality == "image":
            return {"pixels": np.stack([_pixels(sample, self.about["image"]) for sample in samples])}
        return _tokens(self._tokenizer, samples, self.about["text"])

    def logits(self, samples: Sequence[Any]) -> NDArray[np.float32]:
        """(N, classes), float32, as the network gives them: not divided by the temperature."""
        return np.asarray(self._run(self.inputs(samples)), dtype=np.float32)

    def predict(self, samples: Sequence[Any], top: int = 3) -> list[list[dict[str, Any]]]:
        """Of each sample its likeliest classes with their probabilities, the likeliest first.

        A probability is the softmax of the logits divided by the temperature that was fitted on validation data.

        Raises:
            ValueError: a text is empty, so that no answer to it would mean anything.
        """
        for i, sample in enumerate(samples):
            if isinstance(sample, str) and not sample.strip():
                raise ValueError(f"Text {i + 1} is empty.")
        scores = self.logits(samples).astype(np.float64) / self.temperature
        powers = np.exp(scores - scores.max(1, keepdims=True))
        shares = powers / powers.sum(1, keepdims=True)
        best = np.argsort(-shares, axis=1, kind="stable")[:, :top]
        return [
            [{"class": self.classes[i], "probability": float(row[i])} for i in order]
            for row, order in zip(shares, best, strict=True)
        ]


def load(folder: Path | str = Path(__file__).parent, weights: str = "") -> Model:
    """The model of a folder; `weights` names its file where another is wanted: `model-int8.onnx` for example."""
    folder = Path(folder)
    about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    if not weights:
        quick = (folder / "model.onnx").is_file() and find_spec("onnxruntime")
        weights = "model.onnx" if quick else "model.safetensors"
    return Model(about, folder, _onnx(folder / weights) if weights.endswith(".onnx") else _torch(folder, about))


def _onnx(path: Path) -> Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=onnxruntime.get_available_providers())
    names = [node.name for node in session.get_inputs()]
    return lambda given: session.run(None, {name: given[name] for name in names})[0]


def _torch(folder: Path, about: Mapping[str, Any]) -> Run:
    import torch
    from network import classifier  # type: ignore[import-not-found]

    module = classifier(about, folder / "model.safetensors")

    def run(given: Mapping[str, Array]) -> Array:
        with torch.inference_mode():
            tensors = {name: torch.from_numpy(value) for name, value in given.items()}
            scores: Array = module(tensors.get("pixels", tensors)).numpy()
            return scores

    return run


def _picture(data: bytes) -> Any:
    """EXIF orientation applied, transparency over white, more than 8 bits scaled to 8."""
    from PIL import Image, ImageOps

    with Image.open(BytesIO(data)) as opened:
        opened.load()
        image = ImageOps.exif_transpose(opened)
    if image.mode[0] in "IF":
        return _from_deep(image).convert("RGB")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _from_deep(image: Any) -> Any:
    """By the smallest usual number of bits that holds all values; others from their least to their greatest."""
    from PIL import Image

    values = np.nan_to_num(np.asarray(image).astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    bits = next((bits for bits in SENSOR_BITS if image.mode != "F" and low >= 0 and high < 2**bits), 0)
    if image.mode == "F" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif bits:
        low, high = 0.0, 2.0**bits - 1
    high = high if high > low else low + 1
    return Image.fromarray(np.clip(np.rint((values - low) * (255.0 / (high - low))), 0, 255).astype(np.uint8))


def _pixels(image: Any, how: Mapping[str, Any]) -> NDArray[np.float32]:
    """Resized, cropped and normalised: (3, S, S)."""
    from PIL import Image

    short, side, size = min(image.size), how["resize"], how["input_size"]
    if max(image.size) > LONGEST * short and not how["squash"]:
        image = _middle(image, *(min(length, LONGEST * short) for length in image.size))
        short = min(image.size)
    wide, high = (side, side) if how["squash"] else (int(side * length / short) for length in image.size)
    image = image.resize((wide, high), Image.Resampling[how["interpolation"].upper()])
    values = np.asarray(_middle(image, size, size), dtype=np.float32)
    mean, std = np.float32(255) * np.float32(how["mean"]), np.float32(255) * np.float32(how["std"])
    return np.ascontiguousarray(((values - mean) / std).transpose(2, 0, 1))


def _middle(image: Any, wide: int, high: int) -> Any:
    left, top = round((image.width - wide) / 2), round((image.height - high) / 2)
    return image.crop((left, top, left + wide, top + high))


def _tokenizer(folder: Path, how: Mapping[str, Any]) -> Any:
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(folder / "tokenizer" / "tokenizer.json"))
    made.no_padding()
    made.enable_truncation(how["max_tokens"])
    return made


def _tokens(tokenizer: Any, texts: Sequence[str], how: Mapping[str, Any]) -> dict[str, Array]:
    """Padded at the end to the longest: (N, T) each."""
    read = tokenizer.encode_batch([text or how["empty"] for text in texts])
    length = max(len(one.ids) for one in read)
    parts = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
    found = {}
    for name in how["names"]:
        fill = how["pad"] if name == "input_ids" else 0
        rows = [list(getattr(one, parts[name])) for one in read]
        found[name] = np.array([row + [fill] * (length - len(row)) for row in rows], dtype=np.int64)
    return found
