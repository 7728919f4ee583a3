"""The adapter as code of peft's, to be run where the model is."""

from __future__ import annotations

from tlcore.adapters.selection import endings, pattern, select
from tlcore.adapters.settings import LoraSettings
from tlcore.adapters.shapes import Shapes

__all__ = ["QLORA", "lora_config"]

QLORA = """import torch
from transformers import BitsAndBytesConfig

quantisation = BitsAndBytesConfig(
    load_in_4bit=True,
    bnb_4bit_quant_type="nf4",
    bnb_4bit_use_double_quant=True,
    bnb_4bit_compute_dtype=torch.bfloat16,
)"""
"""How a base is loaded in 4 bits: an argument of `from_pretrained`. bitsandbytes does it, on CUDA only."""


MOST_IN_LINE = 50
"""Characters of a list on one line."""


def lora_config(shapes: Shapes, settings: LoraSettings, bias: str = "none") -> str:
    """Python that makes the `LoraConfig` of these settings.

    Raises:
        RecipeError: nothing fits the targets.
    """
    chosen = select(shapes.matrices, settings.targets, dora=settings.dora)
    names = endings(shapes.matrices, chosen)
    starred = any("*" in name for name in names)
    lines = [
        f"r={settings.rank},",
        f"lora_alpha={settings.alpha:g},",
        f"target_modules={_quoted(pattern(names)) if starred else _listed(names)},",
        f'bias="{bias}",',
        *([f"lora_dropout={settings.dropout:g},"] if settings.dropout else []),
        *(["use_rslora=True,"] if settings.rslora else []),
        *(["use_dora=True,"] if settings.dora else []),
        *(["fan_in_fan_out=True,"] if any(matrix.kind == "transposed" for matrix in chosen) else []),
        *(['task_type="CAUSAL_LM",'] if shapes.kind == "decoder" else []),
    ]
    return "from peft import LoraConfig\n\nconfig = LoraConfig(\n" + "".join(f"    {line}\n" for line in lines) + ")"


def _quoted(text: str) -> str:
    return f'r"{text}"'


def _listed(names: tuple[str, ...]) -> str:
    inner = ", ".join(f'"{name}"' for name in names)
    if len(inner) <= MOST_IN_LINE:
        return f"[{inner}]"
    return "[\n" + "".join(f'        "{name}",\n' for name in names) + "    ]"
