"""On what a report was written, and where its runs worked."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from tlcore import __version__
from tlcore.device import machine

__all__ = ["environment"]

PACKAGES = ("torch", "torchvision", "timm", "transformers", "peft", "onnxruntime", "scikit-learn", "numpy", "plotly")


def environment() -> dict[str, str]:
    """By name: the studio, Python, the packages that compute, the system and the device of this machine."""
    found = {"TL Studio": __version__, "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found | {"System": platform.platform(terse=True), "Device": machine().place}
