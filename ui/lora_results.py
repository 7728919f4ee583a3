"""What the calculator finds: numbers, memory, charts, layers, code."""

from __future__ import annotations

import math
from dataclasses import replace

import streamlit as st

from tlcore.adapters.counting import Count, adapter_params, count
from tlcore.adapters.memory import GPUS, METHODS, Load, Memory, fitting, largest_batch, memory
from tlcore.adapters.shapes import Matrix, Shapes
from tlcore.adapters.snippet import QLORA, lora_config
from tlcore.device import Machine
from ui import lora_charts
from ui.charts import draw
from ui.layout import card
from ui.lora_form import RANKS, Asked
from ui.words import plain, size

__all__ = ["against_rank", "by_layer", "code", "drawn", "methods", "numbers"]

TITLES = {"full": "Full fine-tuning", "lora": "LoRA", "qlora": "QLoRA"}
GIB = 2**30
MOST_DRAWN = 12
"""Kinds of matrices that the drawing offers."""


def numbers(shapes: Shapes, counted: Count, head: int) -> None:
    """The row of figures."""
    with st.container(horizontal=True, key="lora-numbers"):
        st.metric(
            "Trainable", f"{counted.trainable:,}", border=True,
            help=f"{counted.adapters:,} in {len(counted.matrices):,} adapters and {counted.biases:,} biases.",
        )  # fmt: skip
        st.metric(
            "Share", _percent(counted.share), border=True,
            help=f"Of {counted.total:,}: {counted.base:,} of the model and the adapters, as peft counts.",
        )  # fmt: skip
        st.metric("Reduction", f"{_round(counted.reduction)} ×", border=True, help="Against training every parameter.")
        half, whole = size(counted.file_bytes("bfloat16")), size(counted.file_bytes("float32"))
        st.metric(
            "Adapter file", whole, border=True,
            help=f"In float32, as peft saves it; {half} in 16 bits. A header of about 100 bytes a tensor comes on top.",
        )  # fmt: skip
        if head:
            st.metric("Head, apart", f"{head:,}", border=True, help="Trains too, and is saved beside the adapter.")
    for note in _notes(shapes, counted):
        st.caption(note)


def _notes(shapes: Shapes, counted: Count) -> list[str]:
    notes = [
        f"{plain(shapes.title)}: {counted.trainable:,} of {counted.total:,} parameters train; {counted.base:,} are the "
        f"model's own. {_kinds(counted)}"
    ]
    fused = [m for m in counted.matrices if m.role == "qkv"]
    if any(m.kind == "attention" for m in fused):
        notes.append(
            "This attention is torch's MultiheadAttention: peft gives it one pair of factors for query, key and value "
            "together and one for the output, 6 r d in all, where papers count 4 r d for query and value."
        )
    elif fused:
        name = plain(fused[0].name.rpartition(".")[2])
        notes.append(f"{name} holds query, key and value in one matrix, so its adapter trains all three.")
    return notes


def _kinds(counted: Count) -> str:
    groups = _groups(counted.matrices)
    shown = [f"{len(group)} of {plain(_shape(group[0]))}" for group in groups[:4]]
    return "Matrices with an adapter: " + ", ".join(shown) + (" and more." if len(groups) > 4 else ".")


def methods(shapes: Shapes, counted: Count, load: Load, server: Machine) -> None:
    """Memory by part for each method, the GPUs it fits, and what this server can do."""
    taken = {method: memory(shapes, counted, load, method) for method in METHODS}
    with card("Memory to train", key="memory-card"):
        rows = [(TITLES[method], found.parts()) for method, found in taken.items()]
        alt = ", ".join(f"{TITLES[method]} {found.total / GIB:,.1f} GiB" for method, found in taken.items())
        draw(lora_charts.memory_bars(rows), key="memory-chart", alt=f"Memory by part: {alt}.")
        for column, (method, found) in zip(st.columns(3), taken.items(), strict=True):
            with column.container(border=True, height="stretch", key=f"fits-{method}"):
                _fits(method, found, shapes, counted, load, server)
        if not shapes.block and not shapes.sample_bytes:
            st.warning("Activations of this architecture cannot be told here, so they are missing above.")


def _fits(method: str, found: Memory, shapes: Shapes, counted: Count, load: Load, server: Machine) -> None:
    st.markdown(f"**{TITLES[method]}** · {_gib(found.total)}")
    cards = fitting(found.total)
    if cards:
        st.markdown(f"Fits one GPU of **{cards[0]} GB**: {GPUS[cards[0]]}")
    else:
        several = math.ceil(found.total / (80 * GIB))
        st.markdown(f"Fits no single GPU: **{several} × 80 GB** or more, with everything sharded")
    room, where = _room(server)
    if method == "qlora" and not server.gpus:
        st.caption("Quantised training needs an NVIDIA GPU, which this server has not.")
        return
    most = largest_batch(shapes, counted, load, method, room)
    here = f"largest batch **{most:,}**" if most else "**not even one sample**"
    st.caption(f"On this server ({where}, {_gib(room)} free): {here}.")


def _room(server: Machine) -> tuple[int, str]:
    """Free bytes where a training would go, and what that is."""
    if server.gpus:
        best = max(server.gpus, key=lambda gpu: gpu.memory_free)
        return best.memory_free, plain(best.name)
    return server.memory_available, "CPU"


def against_rank(shapes: Shapes, asked: Asked, load: Load) -> None:
    """What another rank would cost."""
    chosen = asked.settings.rank
    counts = [count(shapes, replace(asked.settings, rank=rank), asked.bias) for rank in RANKS]
    left, right = st.columns(2)
    with left, card("Parameters by rank", key="rank-parameters", stretch=True):
        figure = lora_charts.against_rank(
            [("Trainable", [found.trainable for found in counts])], RANKS, chosen, unit="trainable parameters", log=True
        )
        draw(figure, key="rank-chart", alt=f"Trainable parameters grow with the rank; {chosen} is chosen.")
    with right, card("Memory by rank", key="rank-memory", stretch=True):
        series = [
            (TITLES[method], [memory(shapes, found, load, method).total / GIB for found in counts])
            for method in ("lora", "qlora")
        ]
        figure = lora_charts.against_rank(series, RANKS, chosen, unit="GiB", log=False)
        draw(figure, key="rank-memory-chart", alt=f"Memory of LoRA and QLoRA over ranks; {chosen} is chosen.")


def drawn(counted: Count, rank: int) -> None:
    """A matrix and its two factors, to scale."""
    groups = _groups(counted.matrices)[:MOST_DRAWN]
    with card("W and its factors, to scale", key="factors-card"):
        place = 0
        if len(groups) > 1:
            names = [f"{_leaf(group[0])} · {_shape(group[0])}" for group in groups]
            picked = st.selectbox("Matrix", range(len(groups)), format_func=names.__getitem__, key="matrix")
            place = picked or 0
        matrix = groups[place][0]
        d_out, d_in = matrix.d_out * (3 if matrix.kind == "attention" else 1), matrix.d_in * matrix.kernel
        alt = f"W has {d_out} rows and {d_in} columns; B has {rank} columns and A has {rank} rows."
        draw(lora_charts.factors(d_out, d_in, rank), key="factors-chart", alt=alt)
        small = rank * (d_in + d_out)
        st.caption(
            f"{d_out * d_in:,} weights stay as they are; {rank} × ({d_in:,} + {d_out:,}) = {small:,} train: "
            f"{_round(d_out * d_in / small)} times fewer."
        )


def by_layer(counted: Count, asked: Asked) -> None:
    """A row for each layer."""
    import pandas as pd

    layers: dict[str, list[Matrix]] = {}
    for matrix in counted.matrices:
        layers.setdefault(matrix.layer, []).append(matrix)
    rows = []
    for layer, inside in layers.items():
        weights = sum(matrix.n_params for matrix in inside)
        small = sum(adapter_params(matrix, asked.settings.rank, dora=asked.settings.dora) for matrix in inside)
        rows.append((layer, len(inside), weights, small, 100 * small / weights, _names(inside)))
    columns = ["Layer", "Adapters", "Frozen weights there", "Adapter parameters", "Share (%)", "Modules"]
    with card("Layer by layer", key="layers-card"):
        st.dataframe(
            pd.DataFrame(rows, columns=columns),
            hide_index=True,
            height=min(420, 38 + 35 * len(rows)),
            key="layers",
            alt=f"{len(rows)} layers with adapters",
            column_config={
                "Layer": st.column_config.TextColumn(pinned=True),
                "Frozen weights there": st.column_config.NumberColumn(format="localized"),
                "Adapter parameters": st.column_config.NumberColumn(format="localized"),
                "Share (%)": st.column_config.NumberColumn(format="%.2f"),
            },
        )


def code(shapes: Shapes, asked: Asked) -> None:
    """The same for peft, to copy."""
    with card("As code", key="code-card"):
        st.code(lora_config(shapes, asked.settings, asked.bias), language="python", height="content")
        if shapes.kind != "image":
            with st.expander("QLoRA: the base in 4 bits", key="qlora-code"):
                st.code(QLORA, language="python")
                st.caption("For `from_pretrained(..., quantization_config=quantisation)`, with bitsandbytes on CUDA.")


def _groups(matrices: tuple[Matrix, ...]) -> list[list[Matrix]]:
    """Matrices of one size together, the most numerous first."""
    groups: dict[tuple[object, ...], list[Matrix]] = {}
    for matrix in matrices:
        groups.setdefault((matrix.kind, matrix.d_out, matrix.d_in, matrix.kernel), []).append(matrix)
    return sorted(groups.values(), key=len, reverse=True)


def _shape(matrix: Matrix) -> str:
    window = f" × {matrix.kernel}" if matrix.kernel > 1 else ""
    return f"{matrix.d_out:,} × {matrix.d_in:,}{window}"


def _leaf(matrix: Matrix) -> str:
    return matrix.name.removeprefix(matrix.layer).removeprefix(".") or matrix.name


def _names(inside: list[Matrix]) -> str:
    """Last parts of names, or all that follows the layer's where the last parts are alike."""
    short = dict.fromkeys(matrix.name.rpartition(".")[2] for matrix in inside)
    clear = len(short) == len(inside) and not any(name.isdigit() for name in short)
    return ", ".join(short if clear else dict.fromkeys(map(_leaf, inside)))


def _gib(n_bytes: int) -> str:
    amount = n_bytes / GIB
    return f"{amount:,.0f} GiB" if amount >= 100 else f"{amount:,.1f} GiB"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.1 else f"{100 * share:.3g} %"


def _round(times: float) -> str:
    return f"{times:,.0f}" if times >= 10 else f"{times:.1f}"
