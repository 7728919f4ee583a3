"""Pages under `AppTest`: the real app.py over a home of its own, with rows written as a worker would."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tlcore.data import Columns, Dataset, ingest
from tlcore.runs import Run, Studio, launcher
from tlcore.training import Recipe
from tlcore.zoo import Head

APP = Path(__file__).parents[2] / "app.py"
HOSTILE = (
    "<b>bold</b>",
    ":red[x] :smile:",
    "=cmd|' /C calc'!A0",
    "[l](http://e.vil) www.e.vil",
    "$x^2$ **y** `z`",
    "a" * 90,
)
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def no_workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process is started, and nothing cached passes from one test to the next."""
    monkeypatch.setattr(launcher, "ensure", lambda home: None)
    monkeypatch.setattr("ui.start.start", lambda: None)
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def open_page(home: Path) -> Open:
    """Open a page by its name with the parameters of its URL; no traceback may be on it."""

    def opened(name: str, **params: str) -> AppTest:
        at = ran(AppTest.from_file(str(APP), default_timeout=20))  # without this run, the next would leave app.py out
        if name != "home":
            at.switch_page(f"pages/{name}.py")
            for key, value in params.items():
                at.query_params[key] = value
            ran(at)
        return at

    return opened


@pytest.fixture
def studio(home: Path) -> Studio:
    """The runs of the test's home."""
    return Studio(home)


def ran(at: AppTest) -> AppTest:
    """Run the script; Streamlit's red box of an uncaught error is a failure."""
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def parameter(at: AppTest, key: str) -> str:
    """A parameter of the URL."""
    value = at.query_params[key]
    return value if isinstance(value, str) else value[0]


def texts(at: AppTest) -> str:
    """All words on the page."""
    kinds = ("title", "subheader", "markdown", "caption", "text", "error", "warning", "info", "code")
    words = [str(element.value) for kind in kinds for element in getattr(at, kind)]
    words += [f"{metric.label}: {metric.value}" for metric in at.metric]
    words += [element.proto.text for element in at.get("progress")]
    words += [fed["says"] for fed in given(at) if "says" in fed]
    return "\n".join(words)


def given(at: AppTest) -> list[dict[str, Any]]:
    """What the components of our own are given."""
    found = [json.loads(element.proto.json or "{}") for element in at.get("bidi_component")]
    return [data for data in found if isinstance(data, dict)]


def figures(at: AppTest) -> dict[str, Any]:
    """The figures of `still_plot` as Plotly's JSON, by their keys."""
    found = {element.proto.id: json.loads(element.proto.json or "{}") for element in at.get("bidi_component")}
    return {name.split("-", 2)[-1]: data["figure"] for name, data in found.items() if "figure" in data}


def values(at: AppTest) -> dict[str, str]:
    """The numbers in boxes, by their labels."""
    moving = {name: value for data in given(at) for name, value in data.get("numbers", ())}
    return {metric.label: metric.value for metric in at.metric} | moving


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def picture(number: int) -> bytes:
    """A small PNG unlike that of any other number."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (12, 10), (number % 256, number * 7 % 256, number * 31 % 256)).save(out, "PNG")
    return out.getvalue()


def pictures(classes: Sequence[str], each: int = 10) -> dict[str, bytes]:
    """Files of a zip with `each` pictures a class."""
    pairs = [(name, i) for name in classes for i in range(each)]
    return {f"{name}/{i}.png": picture(number) for number, (name, i) in enumerate(pairs)}


def image_dataset(home: Path, classes: Sequence[str] = ("cats", "dogs"), each: int = 10) -> Dataset:
    """A stored dataset of small pictures."""
    source = home / "pets.zip"
    source.write_bytes(zipped(pictures(classes, each)))
    return ingest(source, home, name="pets.zip")


def text_dataset(home: Path, classes: Sequence[str] = ("good", "bad"), each: int = 10) -> Dataset:
    """A stored dataset of texts, one column each for text and label."""
    import pandas as pd

    rows = [{"text": f"message {i} about {name}", "label": name} for name in classes for i in range(each)]
    pd.DataFrame(rows).to_csv(home / "mail.csv", index=False)
    return ingest(home / "mail.csv", home, name="mail.csv", columns=Columns(text="text", label="label"))


def make_run(studio: Studio, name: str = "My run", *, epochs: int = 4, dataset: str = "d1", **columns: Any) -> Run:
    """A queued run, then with these columns set. Another host's, so that no worker is missed."""
    recipe = Recipe(dataset=dataset, backbone="efficientnet_lite0", epochs=epochs, head=Head())
    run = studio.store.create(
        id=f"run-{len(studio.store.runs())}",
        name=name,
        user="",
        dataset=dataset,
        dataset_name="pets.zip",
        modality="image",
        backbone=recipe.backbone,
        strategy=recipe.strategy.name,
        recipe=recipe.to_dict(),
        epochs=epochs,
        activity="waiting for a free slot",
    )
    if columns:
        studio.store.update(run.id, **({"host": "elsewhere", "started": time.time() - 60} | columns))
    return studio.store.run(run.id)


def train(studio: Studio, run: Run, *, steps: int, per_epoch: int = 10) -> None:
    """Steps and epochs as a worker records them: the loss is 1 / step, the accuracy grows with the epochs."""
    points: list[dict[str, Any]] = []
    for step in range(1, steps + 1):
        epoch = (step - 1) // per_epoch + 1
        now = {"step": step, "epoch": epoch, "time": time.time()}
        losses = {"train_loss": 1 / step, "train_accuracy": 0.5}
        points.append({"scope": "step", "values": losses | {"lr": 1e-3}, **now})
        if step % per_epoch == 0:
            scores = {"val_loss": 2 / step, "val_accuracy": epoch / 10}
            points.append({"scope": "epoch", "values": losses | scores, **now})
    done = steps // per_epoch
    best = {"best_epoch": done, "val_accuracy": done / 10} if done else {}
    columns = {"step": steps, "steps": run.epochs * per_epoch, "epoch": -(-steps // per_epoch), **best}
    studio.store.record(run.id, points, **columns)


def report(classes: Sequence[str]) -> dict[str, Any]:
    """A report with one mistake: the first class once taken for the second."""
    n = len(classes)
    confusion = [[5 if i == j else 0 for j in range(n)] for i in range(n)]
    confusion[0][0], confusion[0][1] = 4, 1
    each = [{"name": name, "precision": 1.0, "recall": 0.8, "f1": 0.875, "support": 5} for name in classes]
    return {
        "split": "test",
        "epoch": 3,
        "n": 5 * n,
        "accuracy": (5 * n - 1) / (5 * n),
        "macro_f1": 0.875,
        "loss": 0.3,
        "classes": list(classes),
        "confusion": confusion,
        "per_class": each,
    }
