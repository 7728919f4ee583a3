"""Low-rank adapters, through peft."""

from tlcore.adapters.settings import TARGETS, LoraSettings

__all__ = ["TARGETS", "LoraSettings"]
