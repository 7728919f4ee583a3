"""Small files that several formats write."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import nn

__all__ = ["STANDALONE", "copy", "requirements", "save_model", "write_json"]

STANDALONE = Path(__file__).with_name("standalone")


def copy(names: Iterable[str], folder: Path) -> None:
    """Standalone files as they are."""
    for name in names:
        shutil.copyfile(STANDALONE / name, folder / name)


def write_json(path: Path, plain: Mapping[str, Any]) -> None:
    """Indented, for people too."""
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def save_model(model: nn.Module, path: Path, notes: Mapping[str, str] | None = None, prefix: str = "") -> None:
    """The state dict as safetensors, each tensor by itself; only what begins with `prefix`, without it."""
    from safetensors.torch import save_file

    state = {
        name.removeprefix(prefix): value.detach().cpu().contiguous().clone()
        for name, value in model.state_dict().items()
        if name.startswith(prefix)
    }
    save_file(state, path, metadata={"format": "pt", **(notes or {})})


def requirements(path: Path, packages: Iterable[str]) -> None:
    """Versions as they are here, without a build's own suffix, and later ones of the same kind."""
    lines = [f"{name}>={version(name).partition('+')[0]}" for name in packages]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
