"""Train: a run in each of its states, live and over, and the one command it takes."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import (
    HOSTILE,
    Open,
    figures,
    given,
    image_dataset,
    make_run,
    parameter,
    ran,
    report,
    texts,
    train,
    values,
)
from tlcore.runs import Studio
from ui.sight import Sight, look


def charts(at: AppTest) -> dict[str, dict]:
    """What the live charts are fed, by their y axis."""
    return {data["what"]: data for data in given(at) if "what" in data}


def test_cold_it_leads_to_the_strategy(open_page: Open) -> None:
    at = open_page("train")
    assert "Nothing has been trained yet" in texts(at)
    assert at.button(key="go-strategy").label == "Choose a strategy"


def test_a_queued_run_says_what_it_waits_for(open_page: Open, studio: Studio) -> None:
    run = make_run(studio)
    at = open_page("train", run=run.id)
    assert "queued" in texts(at) and "Waiting for a free slot" in texts(at)
    assert values(at)["Epoch"] == "0 / 4"


def test_a_queued_run_says_its_place(open_page: Open, studio: Studio) -> None:
    make_run(studio, status="finished")
    runs = [make_run(studio, epochs=10_000) for _ in range(3)]
    for run, place in zip(runs, (1, 2, 3), strict=True):
        at = open_page("train", run=run.id)
        assert f"queued just now, {place} of 3 in the queue, start" in texts(at) and "started" not in texts(at)
    assert "2 runs are ahead of it" in texts(at)
    assert values(at)["Epoch"] == "0 / 10,000"


def test_a_live_run_shows_how_far_it_is(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="running", activity="epoch 3 of 4", eta=75.0)
    train(studio, run, steps=25)
    at = open_page("train", run=run.id)
    shown = values(at)
    assert shown["Epoch"] == "3 / 4" and shown["Best val accuracy (epoch 2)"] == "20.0 %"
    assert shown["Remaining (estimate)"] == "1 min 15 s" and shown["Elapsed"].startswith("1 min")
    assert "Epoch 3 of 4 · step 25 of 40" in texts(at)
    loss = charts(at)["loss (nats)"]
    steps, average, epochs, val, best = loss["traces"]
    assert steps["x"] == average["x"] == list(range(1, 26)) and steps["y"][0] == 1.0 and steps["look"] == "faint"
    assert epochs["x"] == [10, 20] and val["y"] == [0.2, 0.1]
    assert (best["look"], best["x"], best["y"], best["name"]) == ("star", [20], [0.1], "Best epoch 2")
    assert loss["unit"] == "step" and loss["per_epoch"] == 10.0
    assert charts(at)["accuracy"]["tick"] == ".1~%"
    assert "validation 20.0 %" in charts(at)["accuracy"]["alt"]


def test_the_axis_changes_and_the_data_stay(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="running")
    train(studio, run, steps=12)
    at = open_page("train", run=run.id)
    before = charts(at)["loss (nats)"]
    at.radio(key="x-axis").set_value("epoch")
    ran(at)
    after = charts(at)["loss (nats)"]
    assert after["unit"] == "epoch" and after["traces"] == before["traces"]


def test_each_poll_reads_only_what_is_new(open_page: Open, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    glance = Studio.glance

    def counted(self: Studio, run_id: str, after: int = 0) -> object:
        asked.append(after)
        return glance(self, run_id, after)

    monkeypatch.setattr(Studio, "glance", counted)
    run = make_run(studio, status="running")
    train(studio, run, steps=5)
    at = open_page("train", run=run.id)
    ran(at)
    assert asked[0] == 0 and asked[-1] == studio.store.points(run.id)[-1].id - 1, "the last one is looked at again"
    assert len(charts(at)["loss (nats)"]["traces"][0]["x"]) == 5


def test_stop_shows_the_intent_at_once_and_is_safe_twice(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="running")
    at, another_tab = open_page("train", run=run.id), open_page("train", run=run.id)
    at.button(key="stop").click()
    ran(at)
    assert studio.store.run(run.id).status == "stopping"
    assert at.button(key="stop").label == "Stopping…" and at.button(key="stop").disabled
    another_tab.button(key="stop").click()
    ran(another_tab)
    assert studio.store.commands(run.id) == ((1, "stop"),)


def test_a_run_that_ends_is_shown_as_ended(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="running")
    at = open_page("train", run=run.id)
    studio.store.end(run.id, "finished", "Epoch 3 was best on val and is kept.")
    ran(at)
    assert at.button(key="again").label == "Start again"
    with pytest.raises(KeyError):
        at.button(key="stop")


def test_a_finished_run_shows_its_honest_score(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="running")
    train(studio, run, steps=40)
    result = report(["cats", "dogs"])
    studio.store.update(run.id, report=result, test_accuracy=0.9, test_macro_f1=0.875)
    studio.store.end(run.id, "finished", "Epoch 3 was best on val and is kept.")
    at = open_page("train", run=run.id)
    assert values(at)["Test accuracy"] == "90.0 %" and values(at)["Test macro-F1"] == "87.5 %"
    words = texts(at)
    assert "**10** test samples, with the weights of epoch 3" in words
    assert "used this once" in words
    assert "its report shows no mistakes" in words and at.button(key="ask-predictions").label == "Score it again"
    heat = figures(at)["confusion-chart"]["data"][0]
    assert [list(row) for row in heat["z"]] == [[4, 1], [0, 5]]
    table = at.dataframe[-1].value
    assert table["name"].tolist() == ["cats", "dogs"] and table["f1"].tolist() == [87.5, 87.5]
    at.radio(key="confusion-cells").set_value("Shares of the true class")
    ran(at)
    heat = figures(at)["confusion-chart"]["data"][0]
    assert [list(row) for row in heat["z"]] == [[0.8, 0.2], [0.0, 1.0]]


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_run_that_broke_says_why_and_can_be_started_again(
    open_page: Open, home: Path, studio: Studio, status: str
) -> None:
    dataset = image_dataset(home)
    run = make_run(studio, status="running", dataset=dataset.id)
    train(studio, run, steps=15)
    studio.store.end(run.id, status, "The worker process 7 was killed by SIGKILL. Start the same recipe again.")  # type: ignore[arg-type]
    at = open_page("train", run=run.id)
    (error,) = at.error
    assert status.capitalize() in error.value and "killed by SIGKILL" in error.value
    assert not at.warning, "said once"
    assert len(charts(at)["loss (nats)"]["traces"][0]["x"]) == 15, "what it had learned is still drawn"
    at.button(key="again").click()
    ran(at)
    newest = studio.runs()[0]
    assert newest.id != run.id and newest.recipe == studio.store.run(run.id).recipe
    assert parameter(at, "run") == newest.id


def test_a_run_that_was_resumed_forgets_its_earlier_score_and_counts_it(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="running")
    studio.store.update(run.id, report=report(["cats", "dogs"]), test_accuracy=0.9, test_macro_f1=0.875)
    studio.store.end(run.id, "stopped", "Stopped by request.")
    studio.resume(run.id)
    again = studio.store.run(run.id)
    assert (again.status, again.report, again.test_accuracy, again.test_macro_f1) == ("queued", None, None, None)
    assert "Test accuracy" not in values(open_page("train", run=run.id))
    studio.store.update(run.id, report=report(["cats", "dogs"]) | {"scorings": 2}, test_accuracy=0.9)
    studio.store.end(run.id, "finished", "")
    words = texts(open_page("train", run=run.id))
    assert "The test split was used 2 times" in words and "used this once" not in words


def test_a_stopped_run_says_what_is_kept(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="stopping")
    studio.store.end(run.id, "stopped", "Stopped by request. Epoch 2 was best on val and is kept.")
    at = open_page("train", run=run.id)
    assert "Epoch 2 was best on val" in at.info[0].value.replace("\\", "")


def test_the_log_and_its_warnings_are_shown(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="running")
    studio.store.note(run.id, "Training 330 of 8,938 parameters.")
    studio.store.note(run.id, "The loss is not finite.", level="warning")
    at = open_page("train", run=run.id)
    assert "loss is not finite" in at.warning[0].value
    newest, oldest = at.code[0].value.splitlines()
    assert "not finite" in newest and "8,938" in oldest


def test_another_tab_opens_the_run_of_its_url(open_page: Open, studio: Studio) -> None:
    runs = [make_run(studio, name, status="finished") for name in ("first", "second")]
    for run in runs:
        at = open_page("train", run=run.id)
        assert at.selectbox(key="pick-run").value == run.id


def test_an_unknown_run_in_the_url_is_said(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="finished")
    at = open_page("train", run="gone")
    assert "There is no run gone" in at.warning[0].value
    assert parameter(at, "run") == run.id


def test_hostile_names_are_only_words(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, HOSTILE[0], status="running")
    studio.store.note(run.id, HOSTILE[1], level="warning")
    studio.store.update(run.id, report=report(HOSTILE), dataset_name=HOSTILE[3], activity=HOSTILE[4])
    at = open_page("train", run=run.id)
    studio.store.end(run.id, "failed", HOSTILE[3])
    for _ in range(2):
        marked = [str(e.value) for kind in ("markdown", "caption", "error", "warning") for e in getattr(at, kind)]
        marked += [element.proto.text for element in at.get("progress")]
        assert not any(name in words for name in HOSTILE for words in marked)
        ran(at)
    heat = figures(at)["confusion-chart"]
    assert "<b>" not in json.dumps([heat["layout"]["xaxis"]["ticktext"], heat["data"][0]["customdata"]])


def test_phases_and_warnings_are_marked_on_every_chart(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="running")
    train(studio, run, steps=30)
    studio.store.note(run.id, "Phase 'head' from epoch 1: 10 parameters train.", level="phase", step=0)
    studio.store.note(run.id, "Phase '<b>all</b>' from epoch 2: 99 parameters train.", level="phase", step=10)
    studio.store.note(run.id, "Accuracy rose and then crashed.", level="warning", step=20)
    drawn = charts(open_page("train", run=run.id))
    for data in drawn.values():
        assert [(mark["step"], mark["kind"]) for mark in data["marks"]] == [
            (0, "phase"),
            (10, "phase"),
            (20, "warning"),
        ]
        assert "<b>" not in json.dumps(data["marks"])
    assert set(drawn) == {"loss (nats)", "accuracy", "learning rate"}


def test_each_view_of_the_machinery_has_its_charts(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="running")
    train(studio, run, steps=12)
    at = open_page("train", run=run.id)
    for view, drawn in (("norm", {"gradient norm"}), ("machine", {"samples / s", "memory (GiB)", "utilisation"})):
        at.radio(key="machinery").set_value(view)
        ran(at)
        assert drawn <= set(charts(at))


def test_smoothing_changes_the_average_and_nothing_else(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="running")
    train(studio, run, steps=12)
    at = open_page("train", run=run.id)
    before = {trace["key"]: trace for trace in charts(at)["loss (nats)"]["traces"]}
    at.slider(key="smoothing").set_value(0.0)
    ran(at)
    after = {trace["key"]: trace for trace in charts(at)["loss (nats)"]["traces"]}
    assert set(before) - set(after) == {"average"} and after["steps"] == before["steps"]
    assert before["average"]["y"][0] == 1.0 and before["average"]["y"][-1] > before["steps"]["y"][-1]


def test_an_interrupted_run_goes_on_where_it_was(open_page: Open, studio: Studio, home: Path) -> None:
    run = make_run(studio, status="running", dataset=image_dataset(home).id)
    train(studio, run, steps=15)
    studio.store.end(run.id, "interrupted", "The worker process 7 was killed by SIGKILL.")
    at = open_page("train", run=run.id)
    at.button(key="resume").click()
    ran(at)
    again = studio.store.run(run.id)
    assert again.status == "queued" and [other.id for other in studio.runs()] == [run.id]
    assert len(charts(at)["loss (nats)"]["traces"][0]["x"]) == 15, "what it had learned is still drawn"
    assert not at.error, "its earlier end is over"


def test_an_end_between_the_heading_and_the_charts_is_shown(
    open_page: Open, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, looks = make_run(studio, status="running", activity="epoch 3 of 4"), []
    train(studio, run, steps=25)

    def looking(run_id: str) -> Sight:
        looks.append(run_id)
        if len(looks) == 2:
            studio.store.end(run.id, "interrupted", "It was killed.", where=("running",))
        return look(run_id)

    monkeypatch.setattr("ui.sight.look", looking)
    at = open_page("train", run=run.id)
    assert "It was killed" in texts(at) and len(looks) > 2
