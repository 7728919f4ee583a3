"""What a run says of one input: the likeliest classes, the nearest training samples, and whether it knows the like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from tlcore.data import Dataset
from tlcore.runs import Run
from tlcore.runs.explaining import Source
from tlcore.runs.tries import Try, picture_of
from ui import charts, state
from ui.chart_template import figure as blank
from ui.data.thumbnails import PIXELS, excerpt, thumbnail
from ui.layout import card
from ui.naming import strategy_title
from ui.predict.explain import explain
from ui.words import confidence, label, plain, short, visible

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["answer"]

SHOWN = 5
CHARACTERS = 2_000
"""Of a text."""
WIDTH = 220
ACCENT = "#3B9797"


def answer(of: Try, run: Run, told: Mapping[str, Any], place: int) -> None:
    """Draw the answer of a run to the input in that place."""
    one = told["inputs"][place]
    with card("Answer", key=f"answer-{run.id}"):
        st.caption(plain(f"{run.name} · {strategy_title(run)} · {run.dataset_name} · {run.id}"))
        _input(of, one, place)
        if one["problem"]:
            st.error(plain(one["problem"]), icon=":material/broken_image:")
            return
        with st.container(horizontal=True, key=f"answer-figures-{run.id}"):
            st.metric("Answer", short(one["answer"], 40))
            st.metric("Confidence", confidence(one["confidence"]), help=_confidence(told))
            st.metric("Latency", f"{told['milliseconds']:.0f} ms", help=LATENCY)
        if one.get("cut"):
            st.caption(f":material/content_cut: Of this text, {one['cut']}: the model takes in no more at a time.")
        _unlike(told, one)
        figure = _bars(one["top"][:SHOWN])
        words = ", ".join(f"{visible(name)} {confidence(share)}" for name, share in one["top"][:SHOWN])
        charts.draw(figure, key=f"answer-top-{run.id}", alt=f"Likeliest classes: {words}")
        _neighbours(run, told, one)
        if st.toggle("Why this answer?", key=f"answer-why-{run.id}-{place}"):
            source = Source(of=of.folder.parents[1].name, token=of.token, place=place)
            explain(run, source, key=f"try-{of.token[:8]}-{run.id}-{place}")


LATENCY = (
    "Of the model alone for this kind of input, one at a time, on the server's device: the median of three passes "
    "when warm. Decoding, and finding neighbours, come on top."
)


PRETRAINED = " of the pretrained backbone, for training has changed this model's own."


def _confidence(told: Mapping[str, Any]) -> str:
    if told["temperature"] == 1.0:
        return (
            "The softmax probability of the answer. No temperature was fitted, so nobody has checked it: it may be too "
            "sure or too unsure."
        )
    return f"The softmax probability of the answer, with the temperature {told['temperature']:.2f} fitted on val."


def _input(of: Try, one: Mapping[str, Any], place: int) -> None:
    path = picture_of(of, place)
    st.caption(plain(short(one["name"], 80)))
    if one["text"]:
        st.text(one["text"] if len(one["text"]) <= CHARACTERS else one["text"][:CHARACTERS] + "…")
    elif path.is_file():
        st.image(path.read_bytes(), width=WIDTH, alt=visible(one["name"]))


def _unlike(told: Mapping[str, Any], one: Mapping[str, Any]) -> None:
    """Says so only where it is unlike, or where nothing can be said."""
    if told["unknown"]:
        st.caption(f"Whether it is like the training data cannot be said: {plain(told['unknown'])}")
    elif one["unlike"]:
        st.warning(
            f"**Unlike the training data.** It lies further from the train split than {told['percentile']:g} % of the "
            f"{told['n_val']:,} validation samples do (distance {one['distance']:.3f} to its {told['k']}th nearest, "
            f"bound {told['threshold']:.3f}): do not trust the answer, however sure it looks.",
            icon=":material/explore_off:",
        )


def _bars(top: Sequence[Sequence[Any]]) -> Figure:
    import plotly.graph_objects as go

    rows = list(range(len(top)))
    figure = blank(60 + 30 * len(rows))
    figure.add_trace(
        go.Bar(
            y=rows,
            x=[share for _, share in top],
            orientation="h",
            marker_color=ACCENT,
            text=[f" {label(confidence(share))}" for _, share in top],
            textposition="outside",
            cliponaxis=False,
            customdata=[label(name, 80) for name, _ in top],
            hovertemplate="%{customdata}: %{text}<extra></extra>",
        )
    )
    figure.update_layout(bargap=0.3, showlegend=False, margin_t=4)
    names = [label(name, 22) for name, _ in top]
    figure.update_yaxes(tickvals=rows, ticktext=names, autorange="reversed", showgrid=False, automargin=True)
    figure.update_xaxes(title="probability", tickformat=".0%", range=[0, 1.18], tickvals=[0, 0.5, 1])
    return figure


def _neighbours(run: Run, told: Mapping[str, Any], one: Mapping[str, Any]) -> None:
    if not one["neighbours"]:
        return
    st.markdown("**Nearest training samples**")
    st.caption("Class, and cosine similarity of the features" + (PRETRAINED if told["space"] == "pretrained" else "."))
    dataset = state.dataset(run.dataset)
    rows = [near["row"] for near in one["neighbours"]]
    names = [dataset.classes[at] for at in dataset.labels()[rows]]
    captions = [
        f"{visible(name)} · {near['similarity']:.2f}" for name, near in zip(names, one["neighbours"], strict=True)
    ]
    if dataset.modality == "image":
        _pictures(dataset, rows, captions, run.id)
        return
    for row, caption in zip(rows, captions, strict=True):
        with st.container(border=True, gap="xsmall", key=f"near-{run.id}-{row}"):
            st.markdown(f"**{plain(caption)}**")
            st.text(excerpt(str(dataset.sample(row))))


def _pictures(dataset: Dataset, rows: Sequence[int], captions: Sequence[str], key: str) -> None:
    with st.container(horizontal=True, gap="small", key=f"near-{key}"):
        for row, caption in zip(rows, captions, strict=True):
            made = thumbnail(dataset, row)
            if made:
                st.image(made, width=PIXELS, caption=plain(caption), alt=caption)
