"""The calculator of low-rank adapters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tlcore.commands.application import AsJson, app
from tlcore.commands.table import print_rows
from tlcore.errors import RecipeError
from tlcore.home import home

__all__ = ["lora"]


@app.command()
def lora(
    model: Annotated[
        str, typer.Argument(help="A preset such as `llama-7b`, a backbone, or the path of a config.json.")
    ],
    rank: Annotated[int, typer.Option(help="r, the inner width of the adapters.")] = 8,
    alpha: Annotated[float, typer.Option(help="Scale: what an adapter adds is multiplied by alpha / rank.")] = 16.0,
    targets: Annotated[
        str, typer.Option(help="auto, attention, linear, convolution, or endings of names such as `q_proj,v_proj`.")
    ] = "auto",
    bias: Annotated[str, typer.Option(help="Which biases train: none, lora_only or all.")] = "none",
    rslora: Annotated[bool, typer.Option("--rslora", help="Scale by alpha / sqrt(rank).")] = False,
    dora: Annotated[bool, typer.Option("--dora", help="Train each weight's length too.")] = False,
    batch: Annotated[int, typer.Option(help="Samples at a time, for the memory.")] = 1,
    tokens: Annotated[int, typer.Option(help="Length of each text, for the memory.")] = 512,
    dtype: Annotated[str, typer.Option(help="Of the frozen weights: bfloat16, float16 or float32.")] = "bfloat16",
    as_json: AsJson = False,
) -> None:
    """Count the parameters of low-rank adapters on a model, and the memory to train them."""
    from tlcore.adapters import LoraSettings
    from tlcore.adapters.memory import Load
    from tlcore.adapters.summary import summary

    settings = LoraSettings(rank=rank, alpha=alpha, targets=targets, rslora=rslora, dora=dora)
    load = Load(batch=batch, tokens=tokens, dtype=dtype)
    found = summary(_shapes(model), settings, bias, load)
    if as_json:
        print(json.dumps(found))
        return
    print(
        f"{found['model']}, r = {rank}: {found['trainable']:,} of {found['total']:,} parameters train "
        f"({100 * found['share']:.3g} %, {found['reduction']:,.0f} times fewer), in {found['modules']:,} modules."
    )
    print_rows([{"GiB to train": name, **_gib(parts)} for name, parts in found["memory"].items()], False)


def _gib(parts: dict[str, int]) -> dict[str, float]:
    return {name: n_bytes / 2**30 for name, n_bytes in parts.items()}


def _shapes(model: str) -> Any:
    """A preset's are on disk; those of a backbone or a config.json are made, which loads torch."""
    from tlcore.adapters.configuration import parse
    from tlcore.adapters.presets import preset, presets
    from tlcore.zoo import backbone, backbones

    if model in presets():
        return preset(model)
    path = Path(model)
    if model in {record.name for record in backbones(home=home())}:
        from tlcore.adapters.describing import describe_backbone

        return describe_backbone(backbone(model))
    if path.suffix != ".json" or not path.is_file():
        raise RecipeError(
            f"There is no model {model!r}. Presets: {', '.join(presets())}. Else a name that `models` lists, or the "
            "path of a config.json."
        )
    from tlcore.adapters.describing import describe_config

    return describe_config(parse(path.read_text(errors="replace")), name=path.stem)
