"""Downloads that pages ask for, as plain values in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tlcore.zoo import backbone, resolve

__all__ = ["fetch", "named"]

Tell = Callable[[float, str], None]


def fetch(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Download the weights of a backbone into the library's cache."""
    from tlcore.zoo.download import download

    record = backbone(about["backbone"])
    tell(0.0, "asking the server")

    def told(done: int, total: int) -> None:
        tell(done / total if total else 0.0, f"{done / 1e6:,.0f} of {(total or record.file_size) / 1e6:,.0f} MB")

    state = download(record, told)
    return {"kind": state.kind, "detail": state.detail}


def named(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Make the record of a backbone that a user has named."""
    tell(0.0, "asking the library")
    return {"backbone": resolve(about["name"], home).name}
