"""Measurements on the side: asked once, answered once, kept; a failure says why and can be tried again."""

import time

import pytest

from tlcore.data import add_sample
from tlcore.errors import RecipeError, RunError
from tlcore.lock import take
from tlcore.runs import jobs
from tlcore.strategies import strategy
from tlcore.training import Recipe


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
    assert answered(home, "slip", {})[1].words == "Something unforeseen went wrong (ZeroDivisionError); the log has it."
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


def test_an_unknown_kind_is_refused(home):
    with pytest.raises(RunError, match="no job called 'magic'. Known: advice, cost, download, named, range, shapes"):
        jobs.ask(home, "magic", {})


def test_the_nursery_measures_rates_and_cost(home):
    dataset = add_sample("messages", home)
    plain = Recipe(dataset=dataset.id, backbone="minilm").to_dict()
    tuned = Recipe(
        dataset=dataset.id, backbone="minilm", strategy=strategy("gradual_unfreezing", "text"), epochs=6
    ).to_dict()
    asked = [("range", plain), ("cost", tuned)]
    for kind, about in asked:
        assert jobs.ask(home, kind, about).live
    deadline = time.monotonic() + 120
    while any(jobs.look(home, *one).live for one in asked) and time.monotonic() < deadline:
        time.sleep(0.1)
    curve, cost = (jobs.look(home, *one) for one in asked)
    assert curve.status == "done", curve.words
    points, suggestion = curve.result["points"], curve.result["suggestion"]
    assert points[0]["lr"] == pytest.approx(1e-6) and points[-1]["lr"] <= 1.0
    assert 1e-4 < suggestion["lr"] < suggestion["lowest"] < 1
    assert suggestion["factor"] == pytest.approx(suggestion["lr"] / 1e-3)
    assert cost.status == "done", cost.words
    phases = cost.result["phases"]
    assert len(phases) == 3 and all(phase["step"] > 0 and phase["memory"] > 1e7 for phase in phases)
