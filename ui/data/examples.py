"""The samples of a finding: to look at, and to spare one by one from its fix."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlcore.data import Dataset
from tlcore.data.checks import Finding
from ui import state
from ui.data import state as data_state
from ui.data.thumbnails import PIXELS, excerpt, thumbnail
from ui.guard import guard
from ui.words import plain, short, visible

__all__ = ["examples"]

SAMPLES_A_PAGE, GROUPS_A_PAGE, GROUP_SHOWN, PLACES_SHOWN = 12, 4, 4, 20
SPLITS = {"train": "blue", "val": "violet", "test": "orange"}


def examples(dataset_id: str, finding: Finding, number: int) -> None:
    """Those of a finding, a page at a time; turning it redraws nothing else."""
    key = f"{finding.check}-{number}"
    if finding.places and not finding.groups:
        shown = [short(place, 80) for place in finding.places[:PLACES_SHOWN]]
        more = (
            f" … and {finding.n - len(shown):,} more"
            if finding.n > len(shown) and len(finding.places) > len(shown)
            else ""
        )
        st.markdown("\n".join(f"- {plain(place)}" for place in shown) + (f"\n- {more}" if more else ""))
    elif finding.rows:
        st.fragment(_page)(dataset_id, finding, key)


def _page(dataset_id: str, finding: Finding, key: str) -> None:
    with guard():
        dataset = state.dataset(dataset_id)
        units: Sequence[Sequence[int]] = finding.groups or [(row,) for row in finding.rows]
        each = GROUPS_A_PAGE if finding.groups else SAMPLES_A_PAGE
        n = -(-len(units) // each)
        page = st.pagination(n, key=f"page-{key}-{dataset_id}") if n > 1 else 1
        shown = units[(page - 1) * each : page * each]
        if finding.groups:
            for place, group in enumerate(shown):
                with st.container(border=True, key=f"group-{key}-{place}"):
                    _samples(dataset, group[:GROUP_SHOWN], finding, f"{key}-{place}")
                    if len(group) > GROUP_SHOWN:
                        st.caption(f"… and {len(group) - GROUP_SHOWN:,} more like these")
        else:
            _samples(dataset, [row for (row,) in shown], finding, key)


def _samples(dataset: Dataset, rows: Sequence[int], finding: Finding, key: str) -> None:
    drop = set(finding.fixes[0].drop) if finding.fixes else set()
    images = dataset.modality == "image"
    width = PIXELS + 8 if images else "stretch"
    with st.container(horizontal=images, gap="xsmall", key=f"samples-{key}"):
        for row in rows:
            name = f"sample-{key}-{row}"
            with st.container(horizontal=not images, vertical_alignment="center", gap="xsmall", key=name, width=width):
                _picture(dataset, row, finding.check) if images else st.text(excerpt(str(dataset.sample(row))))
                _label(dataset, row)
                if row in drop:
                    _tick(dataset.id, row, finding.check)
                elif drop:
                    st.caption("Kept", width="content")


def _picture(dataset: Dataset, row: int, check: str) -> None:
    made = thumbnail(dataset, row)
    with st.container(height=PIXELS + 2, border=False, key=f"frame-{check}-{row}"):
        if made is None:
            st.caption(":material/broken_image: The file is gone.")
        else:
            name = dataset.classes[int(dataset.labels()[row])]
            st.image(made, width=_width(made), alt=f"{visible(_origin(dataset, row))}, labelled {visible(name)}")


def _label(dataset: Dataset, row: int) -> None:
    name, split = dataset.classes[int(dataset.labels()[row])], str(dataset.manifest()["split"].iloc[row])
    words = f"**{plain(short(name, 18))}** :{SPLITS[split]}-badge[{split}]"
    st.markdown(words, help=plain(_origin(dataset, row)), width="content")


def _tick(dataset_id: str, row: int, check: str) -> None:
    key = f"drop-{check}-{row}-{dataset_id}"
    ticked = row not in data_state.spared(dataset_id, check)
    st.checkbox("Leave out", value=ticked, key=key, on_change=data_state.spare, args=(dataset_id, check, row, key))


def _origin(dataset: Dataset, row: int) -> str:
    return str(dataset.manifest()["origin"].iloc[row])


def _width(picture: bytes) -> int:
    """Pixels at which the longer side is as long as the frame."""
    from io import BytesIO

    from PIL import Image

    width, height = Image.open(BytesIO(picture)).size
    return max(1, round(PIXELS * width / max(width, height)))
