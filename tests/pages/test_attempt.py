"""Try it: what is brought becomes a try of the run, is answered, and is shown to nobody else."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.pages.conftest import HOSTILE, Open, image_dataset, make_run, picture, ran, text_dataset, texts
from tlcore.data import Dataset
from tlcore.runs import Run, Studio, jobs, run_folder, tries
from tlcore.runs.trying import offered


def answered(home: Path, about: dict[str, Any], tell: Any) -> dict[str, Any]:
    """As the engine, without a model: the first input is unlike the training data, the last cannot be read."""
    of = tries.opened(home, about["of"], about["token"])
    assert of is not None
    names = [*of.texts, *(name.partition("-")[2] for name in of.files)]
    inputs = [
        {
            "name": name,
            "text": name if of.texts else "",
            "problem": "",
            "answer": HOSTILE[0],
            "confidence": 0.8125,
            "top": [[HOSTILE[0], 0.8125], ["dogs", 0.1875]],
            "neighbours": [{"row": 0, "similarity": 0.5}],
            "distance": 0.5,
            "unlike": place == 0,
            "cut": "only the first 256 of 1,234 tokens were read" if of.texts else "",
        }
        for place, name in enumerate(names)
    ]
    if len(inputs) > 1:
        inputs[-1] = {"name": names[-1], "text": "", "problem": "not an image that can be read"}
    facts = {"space": "own", "unknown": "", "temperature": 1.0, "k": 10, "percentile": 99.0, "n_val": 90}
    tries.keep_answers(
        of, about["run"], {**facts, "more": False, "threshold": 0.2, "milliseconds": 12.4, "inputs": inputs}
    )
    return {"n": len(inputs)}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks has the answer when asking returns."""
    ask = jobs.ask

    def asked(home: Path, kind: str, about: dict[str, Any]) -> jobs.Job:
        ask(home, kind, about)
        jobs.work(home, jobs.place(home, kind, about))
        return jobs.look(home, kind, about)

    monkeypatch.setattr(jobs, "KINDS", {**jobs.KINDS, "try": f"{__name__}:answered"})
    monkeypatch.setattr("ui.job.jobs.ask", asked)


def run_of(studio: Studio, dataset: Dataset, name: str = "My run") -> Run:
    run = make_run(studio, name, dataset=dataset.id, status="finished", best_epoch=2, val_accuracy=0.5)
    studio.store.update(run.id, modality=dataset.modality, dataset_name=dataset.name)
    return studio.store.run(run.id)


def test_images_are_answered_in_a_table_and_in_detail(open_page: Open, studio: Studio, home: Path) -> None:
    run = run_of(studio, image_dataset(home))
    at = open_page("predict", run=run.id, look="try")
    box = at.file_uploader(key="uploader-0")
    box.upload("../<b>cat</b>.png", picture(1), "image/png").upload("dog.png", picture(2), "image/png")
    ran(at)
    words = texts(at)
    assert "2 inputs · 1 unlike the training data · 1 could not be read" in words
    assert "further from the train split than 99 % of the 90 validation samples" in words.replace("\\", "")
    assert at.dataframe[0].value["note"].tolist() == ["unlike the training data", "not an image that can be read"]
    assert {metric.label: metric.value for metric in at.metric}["Latency"] == "12 ms"
    (kept,) = (run_folder(home, run.id) / "tries").iterdir()
    assert sorted(path.name[:5] for path in (kept / "files").iterdir()) == ["0000-", "0001-"]
    assert "All inputs" not in texts(open_page("predict", run=run.id, look="try")), "another session sees none of it"


def test_two_runs_answer_the_same_text_side_by_side(open_page: Open, studio: Studio, home: Path) -> None:
    dataset = text_dataset(home)
    run, other = run_of(studio, dataset), run_of(studio, dataset, HOSTILE[3])
    at = open_page("predict", run=run.id, look="try", against=other.id)
    at.text_area(key="try-text").set_value(HOSTILE[1])
    at.button(key="try-ask").click()
    ran(at)
    assert [metric.value for metric in at.metric if metric.label == "Answer"] == [HOSTILE[0], HOSTILE[0]]
    assert HOSTILE[1] in [element.value for element in at.text]
    assert "Of this text, only the first 256 of 1,234 tokens were read" in texts(at)
    (kept,) = (run_folder(home, run.id) / "tries").iterdir()
    assert json.loads((kept / "asked.json").read_text())["texts"] == [HOSTILE[1]]
    assert {path.name for path in kept.glob("answers-*")} == {f"answers-{one.id}.json" for one in (run, other)}
    assert "Confidences are not alike" not in texts(at)
    path = kept / f"answers-{other.id}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"temperature": 2.5}))
    assert "temperature 2.50); compare the answers" in texts(ran(at))


def test_one_of_the_test_split_is_at_hand(open_page: Open, studio: Studio, home: Path) -> None:
    dataset = text_dataset(home)
    run = run_of(studio, dataset)
    at = open_page("predict", run=run.id, look="try")
    at.button(key="try-test").click()
    ran(at)
    (kept,) = (run_folder(home, run.id) / "tries").iterdir()
    asked = json.loads((kept / "asked.json").read_text())
    (row,) = [row for row in dataset.rows("test") if str(dataset.sample(row)) == asked["texts"][0]]
    assert asked["names"] == [f"test sample {row} (true class {dataset.classes[dataset.labels()[row]]})"]
    of = tries.opened(home, run.id, kept.name)
    assert of is not None and [one.name for one in offered(of, "text")] == asked["names"]


def test_what_is_tried_goes_after_a_day_and_is_bounded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tries.begun(home, "r", texts=["a"])
    assert tries.opened(home, "r", first.token) == first
    why = {"run": "r", "sources": [{"of": "r", "token": first.token, "place": 0}]}
    other = {"run": "r", "sources": [{"dataset": "d", "row": 1}]}
    for about in (why, other):
        jobs.ask(home, "explain", about)
    assert tries.opened(home, "r", "../../" + first.token) is None
    tries.sweep(home, "r", first.folder.stat().st_mtime + tries.STALE_SECONDS + 1)
    assert tries.opened(home, "r", first.token) is None
    assert [jobs.look(home, "explain", about).status == "new" for about in (why, other)] == [True, False]
    monkeypatch.setattr(tries, "MOST_TRIES", 3)
    for _ in range(5):
        tries.begun(home, "r", files=[("../../x.png", io.BytesIO(b"x"))])
    kept = list((run_folder(home, "r") / "tries").iterdir())
    assert len(kept) == 3 and {path.name for one in kept for path in (one / "files").iterdir()} == {"0000-x.png"}
