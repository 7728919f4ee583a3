"""A small service over one classifier: `python serve.py` answers on port 8000; `--help` tells its options.

    curl -F file=@photo.jpg    localhost:8000/predict          curl localhost:8000/health
    curl -d '{"text": "..."}'  localhost:8000/predict?top=3    curl -d '{"texts": ["...", "..."]}' localhost:8000/batch

What comes in is bounded (`Limits`); a mistake is a sentence with a status of 4xx.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

import anyio
import numpy as np
from fastapi import FastAPI, HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException as StarletteError
from starlette.responses import JSONResponse

__all__ = ["Limits", "Predictor", "application"]

FORM = "multipart/form-data"
MOST_FILES = 10_000
"""Of a form that is read at all; how many may be answered is for `Limits` to say."""


class Predictor(Protocol):
    """What is served."""

    name: str
    modality: str
    classes: Sequence[str]
    temperature: float
    """What logits are divided by before the softmax."""

    def read(self, data: bytes) -> Any:
        """The bytes of an image file -> a picture."""
        ...

    def logits(self, samples: Sequence[Any]) -> Any:
        """Pictures or texts -> (N, classes)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may cost."""

    image_bytes: int = 20 * 2**20
    """Bytes of an image file."""
    pixels: int = 50_000_000
    """Pixels of an image."""
    characters: int = 100_000
    """Characters of a text."""
    items: int = 64
    """Samples of a batch."""
    request_bytes: int = 64 * 2**20
    """Bytes of a whole request."""
    at_once: int = 2
    """Requests that compute at the same time; others wait."""


def application(model: Predictor, limits: Limits = Limits()) -> FastAPI:
    """The service: `/`, `/health`, `/predict` for one sample and `/batch` for many."""
    app = FastAPI(title=model.name, description=f"Tells {len(model.classes)} classes of {model.modality}s apart.")
    gate = anyio.CapacityLimiter(limits.at_once)

    async def answered(given: Sequence[Any], top: int) -> list[dict[str, Any]]:
        return await anyio.to_thread.run_sync(_answers, model, given, top, limits, limiter=gate)

    @app.exception_handler(StarletteError)
    async def refused(_: Request, error: StarletteError) -> JSONResponse:
        return JSONResponse({"error": str(error.detail)}, status_code=error.status_code)

    @app.get("/")
    def description() -> dict[str, Any]:
        """What this is and how it is asked."""
        return {
            "name": model.name,
            "modality": model.modality,
            "classes": list(model.classes),
            "temperature": model.temperature,
            "limits": {name: getattr(limits, name) for name in limits.__dataclass_fields__},
            "ask": _how(model.modality),
        }

    @app.get("/health")
    def health() -> dict[str, str]:
        """Answers once the model is loaded."""
        return {"status": "ok"}

    @app.post("/predict")
    async def predict(request: Request) -> dict[str, Any]:
        """One image or text."""
        given = await _given(request, model.modality, limits)
        if len(given) != 1:
            raise HTTPException(400, f"/predict takes one {model.modality}, got {len(given)}; /batch takes many.")
        return (await answered(given, _top(request, len(model.classes))))[0]

    @app.post("/batch")
    async def batch(request: Request) -> dict[str, Any]:
        """Several of them, answered in their order."""
        given = await _given(request, model.modality, limits)
        return {"results": await answered(given, _top(request, len(model.classes)))}

    return app


def _how(modality: str) -> dict[str, str]:
    if modality == "text":
        return {"/predict": '{"text": "..."} as JSON', "/batch": '{"texts": ["...", "..."]} as JSON'}
    return {
        "/predict": 'the file as the body, as a form\'s `file`, or as {"image": "<base64>"}',
        "/batch": 'a form with several `files`, or {"images": ["<base64>", ...]}',
    }


def _answers(model: Predictor, given: Sequence[Any], top: int, limits: Limits) -> list[dict[str, Any]]:
    """Decoded and computed on a thread, so that the service goes on listening; logits are told as they are."""
    samples = [_picture(model, one, i, limits) for i, one in enumerate(given)] if model.modality == "image" else given
    scores = np.asarray(model.logits(samples), dtype=np.float64)
    powers = np.exp((scores - scores.max(1, keepdims=True)) / model.temperature)
    shares = powers / powers.sum(1, keepdims=True)
    return [_answer(model.classes, *pair, top) for pair in zip(scores.tolist(), shares.tolist(), strict=True)]


def _answer(classes: Sequence[str], scores: list[float], shares: list[float], top: int) -> dict[str, Any]:
    order = sorted(range(len(shares)), key=lambda i: -shares[i])[:top]
    best = [{"class": classes[i], "probability": shares[i], "logit": scores[i]} for i in order]
    return {"class": best[0]["class"], "probability": best[0]["probability"], "top": best}


def _picture(model: Predictor, data: bytes, place: int, limits: Limits) -> Any:
    from PIL import Image

    try:
        with Image.open(BytesIO(data)) as image:
            n_pixels = image.width * image.height
        if n_pixels > limits.pixels:
            raise HTTPException(413, f"Image {place + 1} has {n_pixels:,} pixels; {limits.pixels:,} are the most.")
        return model.read(data)
    except HTTPException:
        raise
    except Image.DecompressionBombError as error:
        raise HTTPException(413, f"Image {place + 1} has more than {limits.pixels:,} pixels, the most.") from error
    except Exception as error:  # a decoder may raise anything on bytes made to confuse it
        raise HTTPException(415, f"Image {place + 1} cannot be read: it is damaged, or no image.") from error


def _top(request: Request, n_classes: int) -> int:
    text = request.query_params.get("top", "5")
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 6 and int(text) >= 1):
        raise HTTPException(422, f"top is a whole number of at least 1; got {text[:40]!r}.")
    return min(int(text), n_classes)


async def _given(request: Request, modality: str, limits: Limits) -> list[Any]:
    """The samples of a request as bytes of images, or as texts; never more of it in memory than the limits say."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await _body(request, limits)
    if modality == "image" and kind == FORM:
        found: list[Any] = await _files(request, body, limits)
    elif modality == "image" and kind.startswith(("image/", "application/octet-stream")):
        found = [body]
    else:
        found = _from_json(body, modality)
    if not found:
        raise HTTPException(400, f"The request holds no {modality}.")
    if len(found) > limits.items:
        raise HTTPException(413, f"{len(found):,} {modality}s in one request; {limits.items:,} are the most.")
    for i, one in enumerate(found):
        _refuse_empty(one, i)
        _refuse_large(one, i, limits)
    return found


async def _body(request: Request, limits: Limits) -> bytes:
    said = request.headers.get("content-length", "")
    read = bytearray()
    if said.isdigit() and int(said) > limits.request_bytes:
        raise _too_much(limits)
    async for part in request.stream():
        read += part
        if len(read) > limits.request_bytes:
            raise _too_much(limits)
    return bytes(read)


async def _files(request: Request, body: bytes, limits: Limits) -> list[bytes]:
    async def whole() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    again = Request(request.scope, whole)
    async with again.form(max_files=MOST_FILES, max_fields=16) as form:
        return [await value.read() for _, value in form.multi_items() if isinstance(value, UploadFile)]


def _from_json(body: bytes, modality: str) -> list[Any]:
    try:
        said = json.loads(body)
        found = said[modality + "s"] if modality + "s" in said else [said[modality]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        how = " or ".join(_how(modality).values())
        raise HTTPException(400, f"This is not a request that is understood. Send {how}.") from error
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise HTTPException(422, f"Every {modality} is a string{' of base64' if modality == 'image' else ''}.")
    return [_decoded(one, i) for i, one in enumerate(found)] if modality == "image" else found


def _decoded(text: str, place: int) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise HTTPException(422, f"Image {place + 1} is not base64.") from error


def _refuse_empty(one: Any, place: int) -> None:
    if isinstance(one, str) and not one.strip():
        raise HTTPException(422, f"Text {place + 1} is empty, so there is nothing to answer.")


def _refuse_large(one: Any, place: int, limits: Limits) -> None:
    if isinstance(one, bytes) and len(one) > limits.image_bytes:
        raise HTTPException(413, f"Image {place + 1} has {len(one):,} bytes; {limits.image_bytes:,} are the most.")
    if isinstance(one, str) and len(one) > limits.characters:
        raise HTTPException(413, f"Text {place + 1} has {len(one):,} characters; {limits.characters:,} are the most.")


def _too_much(limits: Limits) -> HTTPException:
    return HTTPException(413, f"The request is larger than {math.floor(limits.request_bytes / 2**20)} MiB.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--host",
        default=os.environ.get("HOST", "127.0.0.1"),
        help="where to listen, there is no login; HOST in the environment without, else 127.0.0.1",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=os.environ.get("PORT", "8000"),
        help="PORT in the environment without, else 8000",
    )
    return parser.parse_args()


if __name__ == "__main__":
    asked = _options()  # before the model is loaded, so that --help is quick

    import uvicorn
    from model import load  # type: ignore[import-not-found]

    uvicorn.run(application(load()), host=asked.host, port=asked.port)
