"""What a model is made of, drawn from its shapes: no weights are loaded for it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from tlcore.home import home
from tlcore.runs import jobs
from tlcore.zoo import Backbone, stage_title
from ui import zoo_charts
from ui.charts import draw
from ui.job import answer
from ui.layout import card
from ui.words import plain

__all__ = ["inspection", "preprocessing"]

FORM = 3
"""Grows when an inspection's fields change, so that kept ones are not taken for new ones."""
TARGETS = {"auto": "Automatic", "attention": "Attention", "linear": "Linear", "convolution": "Convolution"}
MOST_PATTERNS = 4


def inspection(record: Backbone) -> None:
    """Parameters as nested boxes, stages, where the head goes, and what LoRA would adapt."""
    about = {"backbone": record.name, "record": hashlib.sha256(repr(record).encode()).hexdigest()[:12], "form": FORM}
    with card("What it is made of", key="inspection-card", icon=":material/account_tree:"):
        found = answer("inspection", about)
        if found is None:
            now = jobs.look(home(), "inspection", about)
            if now.status == "failed":
                st.error(plain(now.words), icon=":material/error:")
                if st.button("Try again", icon=":material/refresh:", key="inspect-again"):
                    jobs.ask(home(), "inspection", about)
                    st.rerun()
            else:
                st.caption("Reading its structure …")
            return
        _drawn(found, record)


def _drawn(found: Mapping[str, Any], record: Backbone) -> None:
    parts = found["parts"]
    st.caption(
        f"{plain(found['kind'])} with {found['n_params']:,} parameters, read from its shapes in "
        f"{found['seconds']:.1f} s without weights. Click a box to look into it"
        f"{'; the classifier is orange.' if found['classifier'] else '.'}"
    )
    alt = f"Nested boxes: modules of {record.title} by parameters."
    head = found["classifier"]["path"] if found["classifier"] else ""
    draw(zoo_charts.modules(parts, record.title, head), key="modules-chart", alt=alt)
    if found["auxiliary"]:
        st.caption(
            f"{found['auxiliary']:,} parameters are of second classifiers, which only training from scratch uses. "
            "They are left out."
        )
    _head(found, record)
    _stages(found["stages"], record)
    _lora(found["lora"])


def _head(found: Mapping[str, Any], record: Backbone) -> None:
    """Where the new head goes."""
    last = found["classifier"]
    if last is None:
        how = {"mean": "the mean of all tokens", "first": "the first token", "last": "the last token"}[record.pooling]
        st.markdown(
            f"**Head.** The source publishes an encoder without a classifier. A new head reads "
            f"{how}: {record.n_features:,} features."
        )
        return
    st.markdown(
        f"**Head.** `{last['path']}` is a {plain(last['kind'])} from **{last['in_features']:,}** features to "
        f"{last['n_classes']:,} classes ({last['n_params']:,} parameters). A new head takes its place."
    )


def _stages(stages: Sequence[Mapping[str, Any]], record: Backbone) -> None:
    """What unfreezes together, from input to output."""
    import pandas as pd

    normed = bool(record.n_batch_norms)
    rows = [
        {
            "stage": stage_title(stage["name"]),
            "params": stage["n_params"],
            "output": " × ".join(f"{n}" for n in stage["output"]) or None,
            "share": 100 * stage["n_params"] / max(1, record.n_params),
            "norms": stage["n_batch_norms"] if normed else None,
            "norm params": stage["batch_norm_params"] if normed else None,
        }
        for stage in stages
    ]
    norms = (
        f"{record.n_batch_norms:,} BatchNorm layers hold {sum(record.batch_norm_params):,} parameters."
        if record.n_batch_norms
        else "There is no BatchNorm in it."
    )
    st.markdown(f"**Stages**, from input to output. {norms}")
    column = st.column_config
    st.dataframe(
        pd.DataFrame(rows).dropna(axis="columns", how="all"),
        hide_index=True,
        key="stages-table",
        height="content",
        alt="Stages with their parameters",
        column_config={
            "stage": column.TextColumn("Stage", pinned=True, width=140),
            "params": column.NumberColumn("Parameters", format="localized", width=95),
            "share": column.ProgressColumn("Share (%)", format="%.1f", min_value=0, max_value=100, width=90),
            "norms": column.NumberColumn("BatchNorms", help="BatchNorm layers.", width=80),
            "norm params": column.NumberColumn(
                "Their params", format="localized", help="Of the BatchNorm layers.", width=80
            ),
            "output": column.TextColumn(
                "Output", help="Of one image: channels, height, width, or as it comes.", width=105
            ),
        },
    )


def _lora(targets: Mapping[str, Sequence[str]]) -> None:
    """What each of LoRA's targets finds."""
    lines = []
    for target, names in targets.items():
        alike = Counter(re.sub(r"\d+", "*", name) for name in names)
        shown = ", ".join(f"{n} × `{pattern}`" for pattern, n in alike.most_common(MOST_PATTERNS))
        more = f" and {len(alike) - MOST_PATTERNS} more kinds" if len(alike) > MOST_PATTERNS else ""
        counted = f"**{len(names):,}** {'module' if len(names) == 1 else 'modules'}"
        found = f"{counted}, {shown}{more}" if names else "nothing"
        lines.append(f"- {TARGETS.get(target, target)}: {found}")
    st.markdown("**LoRA** would adapt, by target:\n" + "\n".join(lines))


def preprocessing(record: Backbone) -> None:
    """Exactly what happens to a sample before the network reads it."""
    with card("Preprocessing", key="preprocessing-card", icon=":material/crop:"):
        if record.modality == "text":
            st.markdown(
                f"Its own tokenizer, cut at **{record.max_tokens:,}** tokens. It reads "
                + ", ".join(f"`{name}`" for name in record.tokens or ("input_ids", "attention_mask"))
                + "."
            )
            return
        side = record.input_size
        st.markdown(
            f"1. Resize the shorter side to **{record.resize}** pixels, {record.interpolation}, antialiased\n"
            f"2. Crop the middle **{side} × {side}** pixels\n"
            "3. Scale to [0, 1], then for red, green, blue:  \n"
            f"mean **{_three(record.mean)}**, std **{_three(record.std)}**"
        )
        st.caption("From the weights' own transform. Training adds augmentation; validation and test never do.")


def _three(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
