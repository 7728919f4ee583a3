"""Why this answer: the parts of one input that moved a class's score, over the input as the model read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from tlcore.data import Dataset
from tlcore.evaluation.attributions import METHODS
from tlcore.evaluation.attributions_colours import legend, overlay
from tlcore.evaluation.calibration import probabilities
from tlcore.home import home
from tlcore.runs import Run, jobs
from tlcore.runs.explaining import Source, heat_of, input_of, question
from tlcore.runs.temperature import temperature_of
from ui import state
from ui.guard import guard
from ui.job import progress, settled
from ui.predict.token_scores import token_scores
from ui.words import confidence, plain, visible

__all__ = ["LIMITS", "confidences", "explain"]

WITHIN_SECONDS = 2.0
"""A page waits so long before it shows progress instead."""
ANSWERED = -1
"""Among the classes: whichever the model answers."""
LIMITS = (
    "It shows what moved this score, not why, and not whether the reason is a good one; a convincing picture is no "
    "proof of a good model ([Adebayo et al. 2018](https://arxiv.org/abs/1810.03292))."
)


def explain(run: Run, source: Source, *, key: str, within: float = WITHIN_SECONDS) -> None:
    """Draw what the answer to `source` rests on; choosing a class or a method redraws nothing else of the page.

    Args:
        within: Seconds to wait before progress is shown, at whose end the whole page is drawn anew.
    """
    st.fragment(_draw)(run, source, key, within)


def _draw(run: Run, source: Source, key: str, within: float) -> None:
    with guard():
        dataset = state.dataset(run.dataset)
        above = st.container(horizontal=True, vertical_alignment="bottom", key=f"explain-choices-{key}")
        target = _class(dataset, source, above, key)
        about = question(run, [source], target=target)
        result = _answer(about, f"{key}-first", within)
        if result is None:
            return
        about, result = _by_method(run, source, target, above, key, about, result, within)
        if result is None:
            return
        item = result["items"][0]
        _words(item, dataset.classes, confidences(run, item))
        if "tokens" in item:
            _text(item, dataset.classes[item["target"]], key)
        else:
            _image(about, item, dataset, source, key)
        _sums(item)
        st.caption(LIMITS)


def _class(dataset: Dataset, source: Source, place: Any, key: str) -> int | None:
    true = _true(dataset, source)
    order = [ANSWERED, *([true] if true is not None else [])]
    order += [number for number in range(len(dataset.classes)) if number != true]

    def name(number: int) -> str:
        if number == ANSWERED:
            return "The answered class"
        return visible(dataset.classes[number]) + (" (the true class)" if number == true else "")

    chosen = place.selectbox(
        "What speaks for or against", order, format_func=name, key=f"explain-class-{key}", width=280
    )
    return None if chosen == ANSWERED else int(chosen)


def _true(dataset: Dataset, source: Source) -> int | None:
    """The true class of a stored sample in the numbering of the run's own dataset; None where it has none there."""
    if not source.dataset or source.row is None:
        return None
    holder = state.dataset(source.dataset)
    name = holder.classes[holder.labels()[source.row]]
    return dataset.classes.index(name) if name in dataset.classes else None


def _by_method(
    run: Run,
    source: Source,
    target: int | None,
    place: Any,
    key: str,
    about: Mapping[str, Any],
    result: Mapping[str, Any],
    within: float,
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """The question and the answer by the chosen method, which is the first one unless a user says so."""
    item = result["items"][0]
    chosen = item["method"]
    if len(item["methods"]) > 1:
        help_text = " ".join(f"**{METHODS[name].title}**: {METHODS[name].help}" for name in item["methods"])
        chosen = place.segmented_control(
            "Method",
            item["methods"],
            default=chosen,
            format_func=lambda name: METHODS[name].title,
            key=f"explain-method-{key}",
            help=help_text,
            required=True,
        )
    if chosen == item["method"]:
        return about, result
    other = question(run, [source], target=target, method=chosen)
    return other, _answer(other, f"{key}-{chosen}", within)


def _answer(about: Mapping[str, Any], key: str, within: float) -> Mapping[str, Any] | None:
    """What the job found; until then its progress, or why there is none."""
    with st.spinner("Looking for what the answer rests on"):
        (now,) = settled("explain", [about], within=within)
    if now.status == "done":
        return now.result
    if now.live:
        progress("explain", about, key=f"explain-{key}")
    elif now.status == "failed":
        st.error(plain(now.words), icon=":material/error:")
    if now.status in ("failed", "new") and st.button(
        "Try again", icon=":material/refresh:", key=f"explain-again-{key}"
    ):
        jobs.ask(home(), "explain", about)
        st.rerun()
    return None


def confidences(run: Run, item: Mapping[str, Any]) -> list[float]:
    """Of each class, with the run's temperature where one was fitted."""
    import numpy as np

    logits = np.array([item["logits"]], np.float32)
    return [float(share) for share in probabilities(logits, temperature_of(home(), run))[0]]


def _words(item: Mapping[str, Any], classes: tuple[str, ...], shares: Sequence[float]) -> None:
    """The answer, and the class that is explained where that is another one."""
    answer, target = item["answer"], item["target"]
    said = f"The model answers **{plain(classes[answer])}** with {confidence(shares[answer])}."
    if target != answer:
        said += f" Explained here: **{plain(classes[target])}**, which it gives {confidence(shares[target])}."
    if not METHODS[item["method"]].of_class:
        said += " This method shows the same for every class."
    st.markdown(said)


def _image(about: Mapping[str, Any], item: Mapping[str, Any], dataset: Dataset, source: Source, key: str) -> None:
    from PIL import Image

    facts, name = METHODS[item["method"]], visible(dataset.classes[item["target"]])
    with Image.open(input_of(home(), about)) as file:
        read = file.convert("RGB")
    opacity = st.slider("Opacity of the map", 0, 100, 65, format="%d %%", key=f"explain-opacity-{key}", width=280)
    drawn = overlay(read, heat_of(home(), about), opacity / 100, signed=facts.signed)
    left, right = st.container(width=880, key=f"explain-pictures-{key}").columns(2, gap="small")
    left.image(read, width="stretch", alt="The input as the model reads it")
    left.caption("As the model reads it, cropped and resized.")
    right.image(drawn, width="stretch", alt=f"{facts.title} over the same picture, for {name}")
    right.image(legend(signed=facts.signed), width="stretch", alt="Colour scale of the map")
    right.caption(facts.colours.format(name=plain(name)))
    if source.dataset and source.row is not None:
        right.caption(f"Sample {source.row:,} of dataset {plain(source.dataset)}.")


def _text(item: Mapping[str, Any], name: str, key: str) -> None:
    import pandas as pd

    pieces = st.toggle("Show pieces of words", key=f"explain-pieces-{key}")
    tokens = item["tokens" if pieces else "words"]
    token_scores(tokens, key=f"explain-tokens-{key}")
    cut = f" {item['n_cut']:,} more tokens are cut off and not read." if item["n_cut"] else ""
    st.caption(
        f"Red raises the score of {plain(name)}, blue lowers it; the deeper, the more. "
        f"Dashed: signs of the tokenizer's own.{cut}"
    )
    with st.expander("The same as a table", icon=":material/table_rows:", key=f"explain-table-{key}"):
        table = pd.DataFrame(
            {"Token": visible(one["text"]), "Adds to the score": one["score"]}
            for one in tokens
            if one["kind"] != "special"
        )
        st.dataframe(
            table,
            hide_index=True,
            key=f"explain-scores-{key}",
            column_config={"Adds to the score": st.column_config.NumberColumn(format="%+.3f")},
            alt="Tokens in their order, and what each adds to the class's score",
        )


def _sums(item: Mapping[str, Any]) -> None:
    sums = item["sums"]
    if sums is None:
        return
    empty = "the same text with its tokens blanked" if "tokens" in item else "an image of the mean colour"
    st.caption(
        f"All parts add up to {sums['total']:+.3f}; from {empty} ({sums['baseline']:.3f}) to this input "
        f"({sums['score']:.3f}) the score moves by {sums['score'] - sums['baseline']:+.3f} "
        f"(convergence delta {sums['delta']:+.3f})."
    )
