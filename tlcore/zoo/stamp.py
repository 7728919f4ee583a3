"""What an uploaded file says of itself, read from its first bytes: no tensor is loaded."""

from __future__ import annotations

import json
from pathlib import Path

from tlcore.errors import WeightsError

__all__ = ["said", "stamp"]

LARGEST = 100_000_000
"""Bytes of a header, as the format allows."""


def said(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file, https://huggingface.co/docs/safetensors/index#format.

    Raises:
        WeightsError: it is none.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(size)) if 0 < size <= LARGEST else None
        found: dict[str, str] = header["__metadata__"]  # type: ignore[index]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"The uploaded weights {path} cannot be read any more: upload them again.") from error
    return found


def stamp(path: Path) -> str:
    """The hash of the tensors that was taken when they were uploaded."""
    return said(path)["sha256"]
