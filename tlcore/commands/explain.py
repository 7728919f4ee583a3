"""What a trained model's answer rests on, from the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tlcore.commands.application import AsJson, app
from tlcore.commands.table import print_rows
from tlcore.data.images import decode_image
from tlcore.errors import RunError
from tlcore.evaluation.attributions import METHODS
from tlcore.evaluation.attributions_colours import overlay
from tlcore.home import home

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from tlcore.data.transforms import Pixels

__all__ = ["explain"]

OPACITY = 0.65
MOST_NAMED = 20


@app.command()
def explain(
    run: str,
    given: Annotated[str, typer.Argument(metavar="FILE_OR_TEXT", help="An image's path, or a text as it is.")],
    out: Annotated[Path | None, typer.Option(help="Where the map of an image is written, a PNG.")] = None,
    target: Annotated[str, typer.Option("--class", help="The class that is explained; the answered one without.")] = "",
    method: Annotated[str, typer.Option(help="grad_cam, attention_rollout or integrated_gradients.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show which parts of an image or a text moved the score of a class."""
    if not given.strip():
        raise RunError("The input is blank; give the path of an image, or a text in quotes.")
    from tlcore.features.inputs import ImageInputs, TextInputs, reader
    from tlcore.runs import Studio
    from tlcore.runs.explained import explain_image, explain_text
    from tlcore.runs.scored import restored
    from tlcore.zoo import backbone

    model, _, dataset, recipe = restored(home(), Studio(home()).run(run))
    asked = {"target": _number(dataset.classes, target), "method": method}
    inputs = reader(backbone(recipe.backbone), home())
    if isinstance(inputs, ImageInputs):
        if out is None:
            raise RunError("Say where the map is to be written: --out heat.png.")
        facts, pixels, heat = explain_image(model, inputs, inputs.prepare(_image(Path(given))), asked)
        _save(pixels, heat, METHODS[facts["method"]].signed, out)
        facts["out"] = str(out)
    elif isinstance(inputs, TextInputs):
        facts = explain_text(model, inputs, given, asked)
    _print({"run": run, "class": dataset.classes[facts["target"]], **facts}, as_json)


def _number(classes: Sequence[str], name: str) -> int | None:
    if not name:
        return None
    if name not in classes:
        raise RunError(f"There is no class {name!r}; there are {', '.join(classes[:MOST_NAMED])}.")
    return list(classes).index(name)


def _image(path: Path) -> Image:
    if not path.is_file():
        raise RunError(f"There is no file {path}; this model reads images.")
    return decode_image(path)


def _save(pixels: Pixels, heat: NDArray[np.float32], signed: bool, out: Path) -> None:
    from PIL import Image as images

    try:
        overlay(images.fromarray(pixels), heat, OPACITY, signed=signed).save(out)
    except (OSError, ValueError) as error:
        raise RunError(f"The map cannot be written to {out} ({error}).") from error


def _print(facts: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts))
        return
    print(f"{facts['class']}: a score of {facts['score']:.3f}, by {METHODS[facts['method']].title}.")
    if "out" in facts:
        print(f"{facts['out']}: {METHODS[facts['method']].colours.format(name=facts['class'])}")
        _print_sums(facts, "an image of the mean colour")
        return
    words = [word for word in facts["words"] if word["kind"] != "special"]
    rows = [{"token": word["text"], "adds": f"{word['score']:+.3f}"} for word in words]
    print_rows(rows, False, empty="The text has no words that the model reads.")
    if facts["n_cut"]:
        print(f"Only the first {len(facts['tokens']):,} tokens were read; what follows was cut off.")
    _print_sums(facts, "the same text with its tokens blanked")


def _print_sums(facts: Mapping[str, Any], empty: str) -> None:
    """What the parts add up to, where the method has sums."""
    sums = facts["sums"]
    if sums is not None:
        print(
            f"All parts add up to {sums['total']:+.3f}; from {empty} ({sums['baseline']:.3f}) to this input "
            f"({sums['score']:.3f}) the score moves by {sums['score'] - sums['baseline']:+.3f} (convergence delta "
            f"{sums['delta']:+.3f})."
        )
