"""The scatter of models: accuracy against what they cost; a click on a point chooses its model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from ui import model_state, zoo_charts
from ui.charts import draw
from ui.models import Entry

__all__ = ["models_scatter", "text_figure"]

KEY = "models-scatter"
ACCURACY = "imagenet_top1"
Axis = tuple[str, str, Callable[[Entry], float | None]]
AXES: Mapping[str, Axis] = {
    "gflops": ("GFLOPs", "GFLOPs an image", lambda entry: entry.record.gflops),
    "params": ("Parameters", "million parameters", lambda entry: entry.record.n_params / 1e6),
    "size": ("File size", "MB", lambda entry: entry.record.file_size / 1e6 or None),
    "latency": ("Measured here", "ms for one image, measured here", lambda entry: entry.latency),
}
"""What accuracy is set against: a title, the axis's name with its unit, and the value."""


def models_scatter(models: Sequence[Entry], everything: Sequence[Entry], chosen: str | None) -> None:
    """Draw the models shown; colours come from the families of `everything`, so that no filter changes them."""
    axis = _axis()
    _, name, value = AXES[axis]
    dots = [_dot(entry, x) for entry in models if (x := value(entry)) and ACCURACY in entry.record.metrics]
    if not dots:
        _none(axis, models)
        return
    families = sorted({entry.record.family for entry in everything if ACCURACY in entry.record.metrics})

    def follow() -> None:
        for point in model_state.points(KEY):
            model_state.select(_name(point))

    figure = zoo_charts.scatter(dots, families, name, chosen)
    alt = f"ImageNet accuracy of {len(dots)} models against {name}; all figures are in the table."
    st.plotly_chart(
        figure,
        key=KEY,
        on_select=follow,
        selection_mode="points",
        config={"displaylogo": False, "displayModeBar": False, "scrollZoom": False},
        alt=alt,
    )
    st.caption(_legend(dots, models))


def _axis() -> str:
    follow = model_state.link("x", "gflops", AXES)
    chosen: str = st.segmented_control(
        "Accuracy against",
        list(AXES),
        format_func=lambda key: AXES[key][0],
        required=True,
        key="x",
        on_change=follow,
    )
    return chosen


def _dot(entry: Entry, x: float) -> zoo_charts.Dot:
    record = entry.record
    return zoo_charts.Dot(
        name=record.name,
        title=record.title,
        family=record.family,
        x=x,
        accuracy=record.metrics[ACCURACY],
        here=entry.here,
    )


def _name(point: Mapping[str, object]) -> str | None:
    """The model of a point; Plotly gives what it holds as a list."""
    held = point.get("customdata")
    return str(held[0]) if isinstance(held, Sequence) and held else None


def _none(axis: str, models: Sequence[Entry]) -> None:
    """Why there is nothing to draw, and what to do."""
    if axis == "latency" and models:
        st.info(
            "None of these was measured on this server yet. Select a model and press **Measure on this server**.",
            icon=":material/speed:",
        )
    else:
        st.info(
            "None of these has published figures for this chart. The table has what is known.", icon=":material/info:"
        )


def _legend(dots: Sequence[zoo_charts.Dot], models: Sequence[Entry]) -> str:
    missing = len(models) - len(dots)
    without = (
        f" {missing} without these figures {'is' if missing == 1 else 'are'} in the table only." if missing else ""
    )
    return f"Full: weights on this server; hollow: to be downloaded. Click a point to select its model.{without}"


def text_figure(models: Sequence[Entry]) -> None:
    """What can be said of all text models alike: how large they are, and where."""
    sizes = [(entry.record.title, entry.record.stage_params[0], sum(entry.record.stage_params[1:])) for entry in models]
    st.caption("These read texts: ImageNet accuracy says nothing of them. What they hold, embeddings and layers:")
    alt = f"Parameters of {len(sizes)} text models, embeddings and layers."
    draw(zoo_charts.text_sizes(sizes), key="text-sizes", alt=alt)
