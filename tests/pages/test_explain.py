"""The Explain view: its samples, the worst first, and an answer taken apart, over answers a job would have left."""

import json

import numpy as np
from PIL import Image

from tests.pages.conftest import Open, given, image_dataset, make_run, parameter, ran, text_dataset, texts
from tlcore.evaluation.attributions import METHODS
from tlcore.evaluation.predictions import Predictions, keep
from tlcore.runs import Studio, jobs, run_folder
from tlcore.runs.explaining import Source, question
from ui.predict.explain_samples import neighbour


def scored(studio, dataset):
    """A run whose test answers are all wrong, the last the surest."""
    run = make_run(studio, dataset=dataset.id, status="finished", best_epoch=2, val_accuracy=0.5)
    studio.store.update(run.id, modality=dataset.modality)
    rows = dataset.rows("test")
    labels = dataset.labels()[rows]
    logits = np.zeros((len(rows), 2), np.float32)
    logits[np.arange(len(rows)), 1 - labels] = 1 + np.arange(len(rows))
    keep(
        run_folder(studio.home, run.id),
        "test",
        Predictions(rows=rows, logits=logits, labels=labels, epoch=2, dataset=dataset.id, split="test"),
    )
    return studio.store.run(run.id), int(rows[-1])


def answer(studio, about, **item):
    folder = jobs.place(studio.home, "explain", about)
    folder.mkdir(parents=True)
    facts = {"target": 0, "answer": 0, "logits": [1.0986123, 0.0], "score": 2.0, "sums": None}
    (folder / "asked.json").write_text(json.dumps({"kind": "explain", "about": about}))
    (folder / "answer.json").write_text(json.dumps({"classes": ["a", "b"], "items": [facts | item]}))
    return folder


def test_the_surest_error_comes_first_and_its_map_is_drawn(open_page: Open, studio: Studio) -> None:
    dataset = image_dataset(studio.home)
    run, row = scored(studio, dataset)
    about = question(run, [Source(dataset=dataset.id, row=row)])
    folder = answer(studio, about, method="grad_cam", methods=["grad_cam", "integrated_gradients"])
    Image.new("RGB", (8, 8), "white").save(folder / "input-0.png")
    np.savez(folder / "heat-0.npz", heat=np.eye(8, dtype=np.float32))
    at = open_page("predict", run=run.id, look="explain")
    assert "**cats** with 75.0 %" in texts(at)
    assert f"Sample **{row:,}**" in texts(at) and "not whether the reason is a good one" in texts(at)
    shown = next(data for data in given(at) if "chosen" in data)
    assert shown["tiles"][0]["row"] == row
    at.selectbox(key=f"explain-class-{run.id}-{row}").set_value(1)
    ran(at)
    other = question(run, [Source(dataset=dataset.id, row=row)], target=1)
    assert jobs.look(studio.home, "explain", other).status == "waiting"


def test_words_have_their_scores_and_markup_stays_text(open_page: Open, studio: Studio) -> None:
    dataset = text_dataset(studio.home)
    run, row = scored(studio, dataset)
    words = [
        {"text": "[CLS]", "kind": "special", "score": 0.0},
        {"text": "<b>late</b>", "kind": "word", "score": -1.5},
        {"text": "box", "kind": "word", "score": 0.75},
    ]
    sums = {"score": 2.0, "baseline": 2.75, "total": -0.75, "delta": 0.0}
    about = question(run, [Source(dataset=dataset.id, row=row)])
    answer(studio, about, method="integrated_gradients", methods=["integrated_gradients"], text="x", tokens=words,
           words=words, n_cut=3, sums=sums)  # fmt: skip
    at = open_page("predict", run=run.id, look="explain", **{"explain-row": str(row)})
    drawn = next(data["tokens"] for data in given(at) if "tokens" in data)
    assert [(word["text"], word["share"]) for word in drawn] == [("[CLS]", 0.0), ("<b>late</b>", -1.0), ("box", 0.5)]
    assert "3 more tokens are cut off" in texts(at) and "All parts add up to -0.750" in texts(at)
    table = next(frame.value for frame in at.dataframe if "Adds to the score" in frame.value)
    assert table["Adds to the score"].tolist() == [-1.5, 0.75]
    assert parameter(at, "look") == "explain"


def test_without_answers_the_split_can_be_scored(open_page: Open, studio: Studio) -> None:
    dataset = image_dataset(studio.home)
    run = make_run(studio, dataset=dataset.id, status="finished", best_epoch=2, val_accuracy=0.5)
    at = open_page("predict", run=run.id, look="explain")
    assert "its errors are not known" in texts(at)
    at.button(key="ask-explain-test").click()
    ran(at)
    asked = {"run": run.id, "split": "test", "epoch": 2}
    assert jobs.look(studio.home, "predictions", asked).status == "waiting"


def test_the_field_keeps_to_the_rows_of_its_split(open_page: Open, studio: Studio) -> None:
    inside = np.array([2, 5, 9])
    assert [neighbour(inside, row, forward=True) for row in (2, 3, 6, 10)] == [2, 5, 9, 9]
    assert [neighbour(inside, row, forward=False) for row in (9, 8, 4, 1)] == [9, 5, 2, 2]
    dataset = text_dataset(studio.home)
    run, _ = scored(studio, dataset)
    rows = np.sort(dataset.rows("test")).tolist()
    at = open_page("predict", run=run.id, look="explain", **{"explain-row": str(rows[0])})
    outside = next(row for row in range(rows[0], rows[-1]) if row not in rows)
    at.number_input(key="explain-row").set_value(outside)
    ran(at)
    assert int(parameter(at, "explain-row")) == min(row for row in rows if row > outside)
    assert f"Sample **{parameter(at, 'explain-row')}**" in texts(at)
    train = int(dataset.rows("train")[0])
    at = open_page("predict", run=run.id, look="explain", **{"explain-row": str(train)})
    assert at.number_input(key="explain-row").value in rows


def test_red_and_blue_mean_what_the_method_says() -> None:
    assert METHODS["grad_cam"].colours.format(name="cats").startswith("Red raises the score of cats, blue lowers it")
    rollout = METHODS["attention_rollout"].colours.format(name="cats")
    assert "blue" not in rollout and "neither for a class nor against it" in rollout
