"""Figures of the LoRA calculator: memory by part, what a rank costs, and the factors drawn to scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ui.chart_template import figure
from ui.words import label

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["against_rank", "factors", "memory_bars"]

PARTS = {
    "weights": "Weights",
    "gradients": "Gradients",
    "optimizer": "Optimizer",
    "activations": "Activations",
    "logits": "Logits",
    "context": "CUDA",
}
GIB = 2**30
CARDS = (8, 12, 16, 24, 32, 40, 48, 80, 96, 141)
SEVERAL = (2, 4, 8, 16, 32)
CLOSE = 0.055
"""Share of the axis below which two lines' labels would touch."""
_GRAY, _LINE, _TEAL, _AMBER = "rgba(128, 140, 155, 0.35)", "rgba(128, 140, 155, 0.9)", "#3B9797", "#C77D0A"


def memory_bars(rows: Sequence[tuple[str, Mapping[str, int]]]) -> Figure:
    """A bar for each method (its title, bytes by part), over lines where GPUs end."""
    import plotly.graph_objects as go

    made, places = figure(height=250), list(range(len(rows)))
    for part, title in PARTS.items():
        amounts = [parts[part] / GIB for _, parts in rows]
        made.add_trace(
            go.Bar(
                y=places,
                x=amounts,
                name=title,
                orientation="h",
                marker_color=_GRAY if part == "context" else None,
                customdata=[label(name) for name, _ in rows],
                hovertemplate="%{customdata}: %{x:.3~g} GiB " + title.lower() + "<extra></extra>",
            )
        )
    totals = [sum(parts.values()) / GIB for _, parts in rows]
    made.add_trace(
        go.Scatter(
            y=places,
            x=totals,
            text=[f" {total:,.3g} GiB" if total < 1000 else f" {total:,.0f} GiB" for total in totals],
            mode="text",
            textposition="middle right",
            hoverinfo="skip",
            showlegend=False,
            cliponaxis=False,
        )
    )
    above = next((size for size in CARDS if size >= max(totals)), 0)
    most = max(1.22 * max(totals), 1.04 * above)
    ticks = _lines(most)
    made.update_layout(barmode="stack", bargap=0.35, legend_traceorder="normal")
    made.update_yaxes(tickvals=places, ticktext=[name for name, _ in rows], autorange="reversed", showgrid=False)
    made.update_xaxes(
        title="GiB; lines: sizes of GPUs",
        range=[0, most],
        tickvals=[value for value, _ in ticks],
        ticktext=[text for _, text in ticks],
        tickangle=0,
        showgrid=True,
    )
    return made


def _lines(most: float) -> list[tuple[int, str]]:
    """Sizes of GPUs within the axis, the largest first chosen, none so close to another that labels touch."""
    sizes = [*((size, f"{size}") for size in CARDS), *((80 * n, f"{n} × 80") for n in SEVERAL)]
    kept: list[tuple[int, str]] = []
    for size, text in sorted(sizes, reverse=True):
        near = any(abs(size - other) < CLOSE * most * (1.6 if "×" in text + name else 1) for other, name in kept)
        if size <= most and not near:
            kept.append((size, text))
    return sorted(kept)


def against_rank(
    series: Sequence[tuple[str, Sequence[float]]], ranks: Sequence[int], chosen: int, *, unit: str, log: bool
) -> Figure:
    """Lines over ranks, which double from one to the next, with the chosen rank marked."""
    import plotly.graph_objects as go

    made = figure(height=260)
    for name, values in series:
        made.add_trace(
            go.Scatter(
                x=list(ranks),
                y=list(values),
                mode="lines+markers",
                name=label(name),
                line={"width": 2},
                hovertemplate=f"r = %{{x}}: %{{y:,.4~g}} {unit}<extra>{label(name)}</extra>",
                showlegend=len(series) > 1,
            )
        )
    made.add_vline(x=chosen, line={"width": 1.5, "dash": "dot", "color": _LINE})
    place = math.log10(chosen)  # an annotation on a logarithmic axis wants the exponent
    made.add_annotation(
        x=place, y=0, yref="paper", text=f" r = {chosen}", showarrow=False, xanchor="left", yanchor="bottom"
    )
    ends = [math.log10(ranks[0] / 1.3), math.log10(1.3 * ranks[-1])]
    texts = [str(rank) for rank in ranks]
    made.update_xaxes(title="rank", type="log", range=ends, tickvals=list(ranks), ticktext=texts, tickangle=0)
    made.update_yaxes(title=unit, **({"type": "log", "dtick": 1} if log else {"rangemode": "tozero"}))
    return made


def factors(d_out: int, d_in: int, rank: int) -> Figure:
    """W (d_out, d_in) beside B (d_out, r) and A (r, d_in), all in one scale."""
    made = figure(height=300)
    gap = 0.22 * max(d_in, d_out)
    boxes = (
        ("W", 0.0, d_in, d_out, _GRAY, f"W, frozen<br>{d_out:,} × {d_in:,}"),
        ("B", d_in + gap, rank, d_out, _TEAL, f"B<br>{d_out:,} × {rank:,}"),
        ("A", d_in + rank + 2 * gap, d_in, rank, _AMBER, f"A<br>{rank:,} × {d_in:,}"),
    )
    for name, left, width, height, colour, text in boxes:
        low = (d_out - height) / 2
        box = {"x0": left, "x1": left + width, "y0": low, "y1": low + height}
        made.add_shape(type="rect", fillcolor=colour, line={"color": colour, "width": 1}, name=name, **box)
        made.add_annotation(x=left + width / 2, y=low + height, text=text, showarrow=False, yanchor="bottom", yshift=4)
    for sign, place in (("+ α/r", d_in + gap / 2), ("·", d_in + gap + rank + gap / 2)):
        made.add_annotation(x=place, y=d_out / 2, text=sign, showarrow=False)
    width = 2 * d_in + rank + 2 * gap
    made.update_layout(margin={"l": 4, "r": 4, "t": 44, "b": 4})
    made.update_xaxes(visible=False, range=[-0.02 * width, 1.02 * width], constrain="domain")
    made.update_yaxes(visible=False, range=[0, d_out], scaleanchor="x", scaleratio=1, constrain="domain")
    return made
