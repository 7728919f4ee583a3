"""A model's weights: where they are, and how to get them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tlcore.data import receive
from tlcore.home import home
from tlcore.runs import jobs
from tlcore.zoo import Backbone
from tlcore.zoo.weights import uploaded_file
from ui import model_state
from ui.job import job, progress
from ui.layout import card
from ui.models import STATES, Entry
from ui.uploading import uploader
from ui.words import plain, size, visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fetch", "weights"]

TYPES = ("pt", "pth", "bin", "safetensors")
LISTS = {
    "wrong": "other shape",
    "missing": "missing in the file",
    "unexpected": "no place: left out",
    "classifier": "classifier: left out",
    "matched": "matched",
}
"""What became of a tensor, what needs a person first."""


def weights(entry: Entry) -> None:
    """Their state, and what can be done about it."""
    record = entry.record
    icon, colour = STATES[entry.weights.kind]
    with card("Weights", key="weights-card", icon=":material/download:"):
        st.badge(entry.weights.kind, icon=icon, color=colour)
        if entry.here:
            st.markdown(plain(entry.weights.detail))
        else:
            fetch(record)
            with st.expander("Without a network", icon=":material/wifi_off:", key="no-network"):
                st.markdown(plain(entry.weights.detail))
        _upload(entry)


def fetch(record: Backbone) -> None:
    """The button that downloads them, or how far that is; weights that are nowhere to be had have none."""
    about = {"backbone": record.name}

    def again(_: Mapping[str, Any]) -> None:
        """They were fetched once, and are gone."""
        if st.button("Download again", icon=":material/download:", key="download-again"):
            jobs.again(home(), "download", about)
            st.rerun()

    if not (record.url or record.hub_id):
        return
    source = "Hugging Face" if record.hub_id and record.source != "torchvision" else "torchvision's server"
    amount = f"{size(record.file_size)} from {source}" if record.file_size else f"From {source}"
    job(
        "download",
        about,
        key="download",
        action="Download",
        icon=":material/download:",
        note=f"{amount}, into the library's own cache on this server. It goes on in the background.",
        show=again,
    )


def _upload(entry: Entry) -> None:
    """A box for a file of one's own, and what was found in the last one."""
    record = entry.record
    with st.expander("Upload weights", icon=":material/upload_file:", key="upload-weights"):
        label = "A state dict (.pt, .pth, .bin) or safetensors of this architecture"
        uploader(label, partial(_receive, record), types=TYPES)
        if held := model_state.kept_weights(record.name):
            _found(record, held)
        if entry.weights.kind == "uploaded" and st.button(
            "Remove the uploaded weights", icon=":material/delete:", key="remove-weights"
        ):
            uploaded_file(record, home()).unlink(missing_ok=True)
            model_state.keep_weights(record.name, "")
            st.rerun()


def _receive(record: Backbone, files: Sequence[UploadedFile]) -> None:
    """Copy the file to disk, and have it compared."""
    path = str(receive(files[0], files[0].name, home()))
    jobs.ask(home(), "upload", {"backbone": record.name, "path": path})
    model_state.keep_weights(record.name, path)


def _found(record: Backbone, path: str) -> None:
    """How far the comparison is, or its report."""
    about = {"backbone": record.name, "path": path}
    now = jobs.look(home(), "upload", about)
    if now.live:
        progress("upload", about, key="upload")
    elif now.status == "done":
        _report(now.result)
    elif now.status == "failed":
        st.error(plain(now.words), icon=":material/error:")


def _report(found: Mapping[str, Any]) -> None:
    """What the file has for the model, key by key."""
    box, icon = (st.success, ":material/check_circle:") if found["fits"] else (st.error, ":material/error:")
    box(plain(found["sentence"]), icon=icon)
    if found["fits"] and found["unexpected"]:
        st.warning(
            f"{len(found['unexpected']):,} tensors of the file have no place in this model. If it is the file of "
            "another one, which holds this one's names too, remove it below.",
            icon=":material/warning:",
        )
    table = _keys(found)
    st.dataframe(
        table,
        hide_index=True,
        key="upload-report",
        height=min(320, 38 + 35 * len(table)),
        placeholder="–",
        alt="Each tensor of the file and of the model, and whether they match",
        column_config={
            "what": st.column_config.TextColumn("Result", width=140),
            "name": st.column_config.TextColumn("Tensor"),
            "file": st.column_config.TextColumn("In the file"),
            "model": st.column_config.TextColumn("In the model"),
        },
    )


def _keys(found: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    rows: list[dict[str, str | None]] = []
    for key, what in LISTS.items():
        for one in found[key]:
            shapes = {"file": _shape(one["in_file"]), "model": _shape(one["in_network"])} if key == "wrong" else {}
            rows.append({"what": what, "name": visible(one["name"] if key == "wrong" else one), **shapes})
    return pd.DataFrame(rows).reindex(columns=["what", "name", *(["file", "model"] if found["wrong"] else [])])


def _shape(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or "one number"
