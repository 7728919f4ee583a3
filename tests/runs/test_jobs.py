"""Measurements on the side: asked once, answered once, kept; a failure says why and can be tried again."""

import re
import time

import pytest

from tlcore.data import add_sample
from tlcore.errors import RecipeError, RunError
from tlcore.lock import take
from tlcore.runs import jobs, launcher
from tlcore.strategies import strategy
from tlcore.training import Recipe
from tlcore.training.speed import MODES


@pytest.fixture
def quiet(monkeypatch):
    """Nobody starts what is asked."""
    monkeypatch.setattr("tlcore.runs.launcher.ring", lambda home: None)


@pytest.fixture
def kinds(monkeypatch):
    """Kinds of jobs that take no time."""
    monkeypatch.setattr(
        jobs, "KINDS", {"double": f"{__name__}:double", "fail": f"{__name__}:fail", "slip": f"{__name__}:slip"}
    )


def double(home, about, tell):
    tell(0.5, "doubling")
    return {"twice": 2 * about["n"]}


def fail(home, about, tell):
    raise RecipeError("This cannot be measured.")


def slip(home, about, tell):
    return 1 / 0


def answered(home, kind, about):
    job = jobs.ask(home, kind, about)
    for folder in jobs.waiting(home):
        (folder / "began").touch()
        jobs.work(home, folder)
    return job, jobs.look(home, kind, about)


def test_an_answer_is_kept_and_not_worked_out_again(home, quiet, kinds):
    before, after = answered(home, "double", {"n": 4})
    assert (before.status, before.live) == ("waiting", True)
    assert (after.status, after.result, after.live) == ("done", {"twice": 8}, False)
    assert jobs.ask(home, "double", {"n": 4}).status == "done" and not jobs.waiting(home)
    assert jobs.look(home, "double", {"n": 5}).status == "new"


def test_a_failure_says_why_and_can_be_tried_again(home, quiet, kinds):
    _, failed = answered(home, "fail", {})
    assert (failed.status, failed.words) == ("failed", "This cannot be measured.")
    words = answered(home, "slip", {})[1].words
    where = re.fullmatch(r"Something unforeseen went wrong \(ZeroDivisionError\); (\S+) in the studio's .*", words)
    log = home / where[1]
    assert log.name == "log.txt" and (log.parent / "failed.json").exists()
    assert jobs.ask(home, "fail", {}).status == "waiting"


def test_a_killed_one_is_noticed_and_a_cancelled_one_forgotten(home, quiet, kinds):
    jobs.ask(home, "double", {"n": 1})
    (folder,) = jobs.waiting(home)
    lock = take(folder / "lock")
    (folder / "began").touch()
    assert jobs.look(home, "double", {"n": 1}).status == "running"
    import os

    os.close(lock)
    assert "was killed" in jobs.look(home, "double", {"n": 1}).words
    jobs.ask(home, "double", {"n": 2})
    jobs.cancel(home, "double", {"n": 2})
    assert jobs.look(home, "double", {"n": 2}).status == "new" and not jobs.waiting(home)


def test_an_answer_can_be_asked_for_anew(home, quiet, kinds):
    answered(home, "double", {"n": 4})
    assert jobs.again(home, "double", {"n": 4}).status == "waiting"
    assert jobs.again(home, "double", {"n": 4}).status == "waiting", "one that is under way goes on"
    assert jobs.again(home, "double", {"n": 5}).status == "waiting", "also one that was never asked for"


def test_all_answers_of_a_kind_are_found_with_their_questions(home, quiet, kinds):
    for n in (1, 2):
        answered(home, "double", {"n": n})
    answered(home, "fail", {})
    found = jobs.answers(home, "double")
    assert sorted((about["n"], result["twice"]) for about, result in found) == [(1, 2), (2, 4)]
    assert jobs.answers(home, "fail") == ()


def test_what_is_quick_does_not_queue_behind_what_measures(home, quiet):
    for kind in ("cost", "speed", "inspection", "download"):
        jobs.ask(home, kind, {})
    lanes = {folder.name.partition("-")[0]: jobs.lane(folder) for folder in jobs.waiting(home)}
    assert lanes["cost"] == lanes["speed"] and len(set(lanes.values())) == 3


def test_an_unknown_kind_is_refused(home):
    with pytest.raises(RunError, match="no job called 'magic'. Known: advice, checks, cost"):
        jobs.ask(home, "magic", {})


def test_the_nursery_measures_rates_and_cost(home):
    dataset = add_sample("messages", home)
    plain = Recipe(dataset=dataset.id, backbone="minilm").to_dict()
    tuned = Recipe(
        dataset=dataset.id, backbone="minilm", strategy=strategy("gradual_unfreezing", "text"), epochs=6
    ).to_dict()
    small = {"backbone": "shufflenet_v2_x0_5"}
    asked = [("range", plain), ("cost", tuned), ("speed", small | {"batch_sizes": [1, 2]}), ("inspection", small)]
    for kind, about in asked:
        assert jobs.ask(home, kind, about).live
    deadline = time.monotonic() + 240
    while any(jobs.look(home, *one).live for one in asked) and time.monotonic() < deadline:
        time.sleep(0.1)
    curve, cost, speed, inspection = (jobs.look(home, *one) for one in asked)
    assert curve.status == "done", curve.words
    points, suggestion = curve.result["points"], curve.result["suggestion"]
    assert points[0]["lr"] == pytest.approx(1e-6) and points[-1]["lr"] <= 1.0
    assert 1e-4 < suggestion["lr"] < suggestion["lowest"] < 1
    assert suggestion["factor"] == pytest.approx(suggestion["lr"] / 1e-3)
    assert cost.status == "done", cost.words
    phases = cost.result["phases"]
    assert len(phases) == 3 and all(phase["step"] > 0 and phase["memory"] > 1e7 for phase in phases)
    assert inspection.status == "done", inspection.words
    assert inspection.result["classifier"]["in_features"] == 1024 and inspection.result["lora"]["auto"]
    assert speed.status == "done", speed.words
    uses = [(reading["mode"], reading["batch_size"]) for reading in speed.result["readings"]]
    assert uses == [("inference", 1), ("inference", 2), ("training", 1), ("training", 2)]
    assert all(reading["seconds"] > 0 and reading["memory"] > 1e6 for reading in speed.result["readings"])
    inferred, trained = (sum(r["memory"] for r in speed.result["readings"] if r["mode"] == m) for m in MODES)
    assert trained > inferred, "activations, gradients and moments come on top"
    written = [(home / "jobs" / one.id / "answer.json").stat().st_mtime for one in (inspection, speed)]
    assert written == sorted(written), "it did not wait for its turn to measure"


def test_a_process_that_lingers_answers_the_next_of_its_lane_too(home, quiet, kinds, monkeypatch):
    monkeypatch.setattr(jobs, "LANES", {"double": "sliders", "fail": "other"})
    monkeypatch.setattr(jobs, "LINGER", {"sliders": 0.2})
    for kind, about in (("double", {"n": 1}), ("double", {"n": 2}), ("fail", {})):
        jobs.ask(home, kind, about)
    launcher.bell(home).parent.mkdir(exist_ok=True)
    launcher.bell(home).touch()
    assert jobs.serve(home, jobs.place(home, "double", {"n": 1})) == 0
    assert [jobs.look(home, "double", {"n": n}).result for n in (1, 2)] == [{"twice": 2}, {"twice": 4}]
    assert jobs.look(home, "fail", {}).status == "waiting"
