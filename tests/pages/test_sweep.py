"""The sweep view: its form makes a plan, its board shows how a sweep stands, and a link reproduces both."""

from dataclasses import replace

import pytest

from tests.pages.conftest import make_run, parameter, ran, text_dataset, texts, values
from tlcore.commands.sweeps import print_sweep
from tlcore.runs.sweeps import Axis, Ledger, Plan, Row
from tlcore.runs.sweeps.begin import begin
from tlcore.zoo import backbone
from ui.parallel import dimensions, varying


@pytest.fixture
def swept(studio, home):
    """A finished sweep of three trials on a stored dataset."""
    dataset = text_dataset(home)
    axes = (
        Axis(name="backbone", values=("minilm",)),
        Axis(name="strategy", values=("feature_extraction",)),
        Axis(name="lr", values=(1e-4, 1e-3, 1e-2)),
    )
    sweep = begin(studio, Plan(dataset=dataset.id, axes=axes, method="grid"), name="First <b>sweep</b>")
    ledger = Ledger(studio.store)
    for number, (score, reason) in enumerate(((0.5, ""), (1.0, ""), (0.25, "Pruned after epoch 1: hopeless.")), 1):
        lr = axes[2].values[number - 1]
        ledger.propose(sweep.id, number, {"backbone": "minilm", "strategy": "feature_extraction", "lr": lr})
        run = make_run(
            studio, dataset=dataset.id, status="stopped" if reason else "finished", reason=reason, best_epoch=1,
            val_accuracy=score, epoch=1, finished=0.0, sweep=sweep.id, trial=number,
            test_accuracy=0.875 if number == 2 else None,
        )  # fmt: skip
        ledger.mark(sweep.id, number, launched=True)
        if number == 2:
            ledger.update(sweep.id, winner=run.id)
    return ledger.sweep(sweep.id)


def test_the_board_shows_the_winner_and_its_test_score_once(open_page, studio, swept):
    Ledger(studio.store).update(swept.id, state="finished", finished=1.0)
    at = open_page("compare", view="sweep", sweep=swept.id)
    assert parameter(at, "sweep") == swept.id
    shown = values(at)
    assert (shown["Trials over"], shown["Pruned"], shown["Best val accuracy"]) == ("3 / 3", "1", "100.0 %")
    words = texts(at)
    assert "Trial 2 got **100.0 %** of val right and **87.5 %** of test" in words
    assert "read once, for the winner alone" in words
    table = at.dataframe[-1].value
    assert list(table["val"]) == [100.0, 50.0, 25.0]
    assert list(table["state"]) == ["finished", "finished", "✂ pruned"]
    assert "test" not in table and "latency" not in table, "nothing was measured here"
    assert set(table["millions"]) == {backbone("minilm").n_params / 1e6}


def test_a_pruned_trial_is_no_rival_of_the_winner_on_the_page_or_in_the_shell(open_page, studio, swept, capsys):
    for run in studio.store.trials(swept.id):
        studio.store.update(run.id, val_accuracy=1.0 if run.trial == 2 else 0.99)
    Ledger(studio.store).update(swept.id, state="finished", finished=1.0)
    at = open_page("compare", view="sweep", sweep=swept.id)
    said = next(one.value for one in at.markdown if "told apart" in one.value)
    assert said.startswith("2 trials") and said.endswith("Trials that did not run to the end are not counted.")
    assert at.button(key="sweep-best").label == "The best 2 side by side"
    print_sweep(studio, Ledger(studio.store).sweep(swept.id), False)
    assert said in " ".join(capsys.readouterr().out.split())


def test_cancelling_and_going_on(open_page, studio, swept):
    at = open_page("compare", view="sweep", sweep=swept.id)
    at.button(key="sweep-cancel").click()
    ran(at)
    ledger = Ledger(studio.store)
    assert ledger.sweep(swept.id).state == "stopping"
    ledger.update(swept.id, state="stopped")
    at = open_page("compare", view="sweep", sweep=swept.id)
    at.button(key="sweep-resume").click()
    ran(at)
    assert ledger.sweep(swept.id).state == "running"


def test_a_sweep_at_rest_is_deleted_and_its_runs_stay(open_page, studio, swept):
    at = open_page("compare", view="sweep", sweep=swept.id)
    assert "sweep-delete-sure" not in {button.key for button in at.button}, "it is at work"
    Ledger(studio.store).update(swept.id, state="finished", finished=1.0)
    at = open_page("compare", view="sweep", sweep=swept.id)
    at.button(key="sweep-delete-sure").click()
    ran(at)
    assert "No sweep has been made yet" in texts(at) and "sweep" not in at.query_params
    assert [(run.sweep, run.val_accuracy) for run in studio.runs()] == [(None, score) for score in (0.25, 1.0, 0.5)]


def test_the_form_begins_what_it_says_and_a_link_fills_it(open_page, studio, home):
    text_dataset(home)
    at = open_page("compare", view="sweep", method="grid", **{"try-rates": "0.3,1", "try-head-width": "0,64,128"})
    assert "6 trials; no pace is known yet of all-MiniLM-L6-v2 with Feature extraction" in texts(at).replace("\\", "")
    at.button(key="sweep-start").click()
    ran(at)
    (made,) = Ledger(studio.store).sweeps()
    plan = made.planned()
    assert (plan.method, plan.most(), plan.budget, plan.pruning) == ("grid", 6, 1800.0, True)
    assert parameter(at, "sweep") == made.id
    assert "try-more" not in {field.key for field in at.text_input}, "the form is shut once there is a sweep to look at"
    at = open_page("compare", view="sweep", **{"new-sweep": "True"})
    at.text_input(key="try-more").set_value("nonsense=1,2")
    ran(at)
    assert "knows an option" in texts(at)


def test_axes_of_numbers_words_and_what_is_absent():
    def row(number, score, **tried):
        return Row(
            rank=number, number=number, values=tried, state="finished", run=str(number), val_accuracy=score,
            interval=None, epoch=1, epochs=1, seconds=1.0, reason="", test_accuracy=None,
        )  # fmt: skip

    rows = [row(1, 0.9, strategy="lora", lr=1e-4, rank=4, seed=1), row(2, 0.8, strategy="fine_tune", lr=1e-2, seed=1)]
    names = varying([one.values for one in rows])
    assert names == ["strategy", "lr", "rank"]
    score, strategy, lr, rank, outcome = dimensions(rows, names)
    assert (strategy["ticktext"], strategy["values"]) == (["fine tune", "lora"], [1, 0])
    assert (lr["values"], lr["ticktext"]) == ([-4.0, -2.0], ["0.0001", "0.01"])
    assert rank["ticktext"] == ["–", "4"] and rank["values"][1] < rank["values"][0]
    halted = [replace(rows[0], state=state) for state in ("stopped", "pruned", "running", "failed")]
    assert dimensions(halted, names)[-1]["ticktext"] == ["failed", "pruned", "stopped", "training"]
    assert outcome["ticktext"] == ["finished"] and score["values"] == [0.9, 0.8]


def test_numbers_that_lie_close_have_no_words_of_their_own():
    def row(number, lr):
        return Row(
            rank=number, number=number, values={"lr": lr}, state="finished", run=str(number), val_accuracy=0.5,
            interval=None, epoch=1, epochs=1, seconds=1.0, reason="", test_accuracy=None,
        )  # fmt: skip

    rows = [row(number, lr) for number, lr in enumerate((1e-4, 1.05e-4, 1e-3, 0.0098, 1e-2), 1)]
    assert dimensions(rows, ["lr"])[1]["ticktext"] == ["0.0001", "0.001", "0.01"]
