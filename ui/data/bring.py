"""Bringing data in: the upload, its reading with progress, and the samples."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tlcore.data import SAMPLES, Columns, Dataset, Sample, Table, add_sample, ingest, list_datasets
from tlcore.data.growth import grow
from tlcore.data.ingestion import survey
from tlcore.data.opening import title_of
from tlcore.data.roots import VARIABLE, allowed, browse, roots
from tlcore.data.uploads import receive_all
from tlcore.errors import TlcoreError
from tlcore.home import home
from ui import state
from ui.data import state as data_state
from ui.data.public import public
from ui.guard import guard, say
from ui.uploading import uploader
from ui.words import plain, short, visible

__all__ = ["TYPES", "bring_your_own", "sample_cards"]

TYPES = (
    *("zip", "tar", "gz", "tgz", "bz2", "tbz2", "xz", "txz", "zst"),
    *("csv", "tsv", "txt", "xlsx", "json", "jsonl", "ndjson", "parquet"),
    *("jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp", "avif", "heic", "heif", "jp2", "ppm", "pgm"),
)
WAYS = {
    "files": ":material/upload_file: Files",
    "folder": ":material/folder_open: Folder",
    "server": ":material/dns: Server",
    "public": ":material/public: Public",
}
MOST_NAMES = 20
MODALITIES = {"image": ("images", ":material/image:"), "text": ("texts", ":material/notes:")}


def sample_cards(columns: Iterator[DeltaGenerator]) -> None:
    """A card for each sample dataset, each in the next of the columns."""
    for sample, column in zip(SAMPLES, columns, strict=False):
        with column, st.container(border=True, height="stretch", key=f"sample-{sample.name}"):
            _sample(sample)


def _sample(sample: Sample) -> None:
    kind, icon = MODALITIES[sample.modality]
    st.markdown(f"#### {icon} {plain(sample.title)}")
    st.caption(f"{sample.n_samples:,} {kind} in {sample.n_classes} classes. {plain(sample.note)}")
    st.space("stretch")
    if st.button("Use this sample", key=f"use-{sample.name}", icon=":material/play_arrow:", width="stretch"):
        with st.spinner("Preparing the sample…"):
            dataset = add_sample(sample.name, home())
        state.remember("dataset", dataset.id)
        st.switch_page("pages/data.py", query_params={"dataset": dataset.id})


def bring_your_own() -> None:
    """Files, a folder, or what lies on the server; read at once, or after the columns of a table are named."""
    waiting = data_state.upload()
    if waiting is None:
        way = st.segmented_control(
            "From", list(WAYS), default="files", format_func=WAYS.__getitem__, key="way-in", required=True
        )
        if way == "public":
            public()
            return
        into = _into()
        with guard():
            _from_server(into) if way == "server" else _from_browser(way or "files", into)
        return
    try:
        if waiting.survey.table is None:
            _read(waiting)
        else:
            _ask_columns(waiting, waiting.survey.table)
    except TlcoreError as error:
        data_state.drop_upload()
        say(error)
    except Exception:
        data_state.drop_upload()
        raise


def _into() -> str:
    """The dataset that is added to; empty for a new one."""
    shown = st.query_params.get("dataset", "")
    known = next((one for one in list_datasets(home()) if one.id == shown), None)
    if known is None:
        return ""
    choices = {"": "A new dataset", known.id: f"A new version of {short(known.name)}, with these added"}
    return st.radio("Becomes", list(choices), format_func=choices.__getitem__, key="bring-into", horizontal=True)


def _from_browser(way: str, into: str) -> None:
    """The upload box. What it took is copied to disk at once and let go."""
    megabytes = st.get_option("server.maxUploadSize")
    take = partial(_receive, into)
    if way == "folder":
        uploader("A folder of class folders", take, many="directory")
    else:
        label = "Zips or tars of class folders, images with a table of their labels, or a table of texts"
        uploader(label, take, types=TYPES, many=True)
    st.caption(
        "Each class is a folder: `cats/1.jpg`, `dogs/2.jpg`. Folders `train`, `val` and `test` above them are kept as "
        "your split. Or images with a csv of file names and labels; or texts as csv, tsv, xlsx, json, jsonl, parquet. "
        f"At most {megabytes:,} MB at once; the operator raises that with `--server.maxUploadSize`, or opens a folder "
        "of the server."
    )


def _receive(into: str, files: Sequence[UploadedFile]) -> None:
    """Copy what the box took to disk, and look at it."""
    called = files[0].name
    folder, paths = receive_all([(one.name, one) for one in files], home())
    name = paths[0].name if len(paths) == 1 else f"{title_of(paths[0].name)} and {len(paths) - 1} more"
    _keep(paths, folder, called if len(files) == 1 else name, into)


def _from_server(into: str) -> None:
    """A browser of the folders that the operator has opened."""
    opened = roots()
    if not opened:
        st.info(
            f"No folder of the server is open here. Its operator opens some with `{VARIABLE}=/data/a:/data/b` "
            "before starting the studio.",
            icon=":material/folder_off:",
        )
        return
    root = st.selectbox("Open folder", opened, format_func=str, key="server-root")
    inside = st.text_input(
        "Below it", key="server-path", placeholder="pets/train.zip, or nothing for the folder itself"
    )
    path = allowed(root / inside.strip().strip("/"), opened)
    if path.is_dir():
        found = browse(path, opened)
        names = [f"{one.name}/" for one in found.folders] + [one.name for one in found.files]
        shown = ", ".join(visible(name) for name in names[:MOST_NAMES]) or "nothing that can be read by itself"
        others = f", and {found.n_others:,} other files" if found.n_others else ""
        st.text(f"Holds {shown}{others}{' and more' if len(names) > MOST_NAMES or found.more else ''}.")
    if st.button("Read this", type="primary", icon=":material/download_done:", key="read-server"):
        _keep((path,), None, path.name, into)
        st.rerun()


def _keep(paths: tuple[Path, ...], folder: Path | None, name: str, into: str) -> None:
    """Look at what came, and keep it for the next run of the page, which reads it."""
    try:
        found = survey(paths, home(), inside_only=folder is None)
    except TlcoreError:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    data_state.keep_upload(data_state.Upload(paths=paths, folder=folder, name=name, survey=found, into=into))


def _ask_columns(waiting: data_state.Upload, table: Table) -> None:
    """The guessed columns, for the user to change, above the table's first rows.

    A table that is refused stays, for other columns may do.
    """
    listed = waiting.survey.kind == "listed"
    if listed:
        images = f"{waiting.survey.n_images:,} images"
        st.text(f"{visible(waiting.survey.table_name)} names {images}: which column holds the files, which the labels?")
    else:
        st.text(f"{visible(waiting.name)}: which column holds the text, which the label?")
    places = iter(st.columns(4))
    text = _column(next(places), "File column" if listed else "Text column", table, table.text, "column-text")
    label = _column(next(places), "Label column", table, table.label, "column-label")
    split = _column(next(places), "Split column", table, table.split, "column-split", optional=True)
    group = _column(next(places), "Group column", table, table.group, "column-group", optional=True)
    st.dataframe(table.preview, hide_index=True, key="table-preview", height=220, alt="The first rows of the table")
    with st.container(horizontal=True):
        asked = st.button("Read this table", type="primary", icon=":material/download_done:", key="read-table")
        by_folder = listed and st.button("Take the folders as classes", icon=":material/folder:", key="read-folders")
        st.button("Discard", on_click=data_state.drop_upload, key="discard-upload")
    if asked or by_folder:
        try:
            chosen = None if by_folder else Columns(text=text, label=label, split=split, group=group)
            _read(waiting, chosen, folders=by_folder)
        except TlcoreError as error:
            say(error)


def _column(place: DeltaGenerator, label: str, table: Table, guess: str, key: str, *, optional: bool = False) -> str:
    """One column of the table; an optional one may be none."""
    columns = ["", *table.columns] if optional else list(table.columns)
    return place.selectbox(
        label, columns, index=columns.index(guess), format_func=lambda name: visible(name) if name else "–", key=key
    )


def _read(waiting: data_state.Upload, columns: Columns | None = None, *, folders: bool = False) -> None:
    """Ingest with a bar; any other click, Cancel too, ends it here, and what was begun is removed."""
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, text=f"Reading {plain(waiting.name)}…")
        st.button("Cancel", on_click=data_state.drop_upload, key="cancel-upload")
    before = {dataset.id: dataset for dataset in list_datasets(home())}
    how: dict[str, Any] = {"columns": columns, "folders": folders, "inside_only": waiting.folder is None}
    report = _reporter(bar.progress)
    try:
        if waiting.into in before:
            dataset = grow(before[waiting.into], waiting.paths, name=waiting.name, progress=report, **how)
        else:
            dataset = ingest(waiting.paths, home(), name=waiting.name, progress=report, **how)
    except TlcoreError:
        place.empty()
        raise
    data_state.drop_upload()
    known = before.get(dataset.id)
    here = f"These samples were here already as '{plain(dataset.name)}'."
    data_state.tell(dataset.id, here if known else plain(dataset.change))
    _open(dataset)


def _reporter(show: Callable[..., object]) -> Callable[[int, int], None]:
    """Passes progress on at most ten times a second."""
    last = 0.0

    def report(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= 0.1 or done == total:
            last = now
            show(min(1.0, done / max(1, total)), text=f"Checking {done:,} of {total:,} samples")

    return report


def _open(dataset: Dataset) -> None:
    state.remember("dataset", dataset.id)
    st.query_params["dataset"] = dataset.id
    st.query_params.pop("add", None)
    st.rerun()
