"""The end of a run is said on every page: once in each session, and on the browser's tab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import HOSTILE, make_run, ran, text_dataset
from tlcore.runs import Studio
from tlcore.runs.sweeps import Axis, Ledger, Plan, begin
from ui import tab


def page() -> None:
    """What app.py does after each page; `AppTest` leaves that out when it runs a page again."""
    from ui.notices import notices

    notices("Home")


def test_a_toast_for_each_end_and_only_once(studio: Studio) -> None:
    first, second = make_run(studio, HOSTILE[1], status="running"), make_run(studio, "Other", status="running")
    at, another_session = ran(AppTest.from_function(page)), ran(AppTest.from_function(page))
    assert not at.toast
    studio.store.update(first.id, test_accuracy=0.875)
    studio.store.end(first.id, "finished", "")
    (said,) = ran(at).toast
    assert "is finished: 87.5 % on the test split" in said.value and HOSTILE[1] not in said.value
    assert len(ran(another_session).toast) == 1
    studio.store.end(second.id, "failed", "The loss became nan.")
    (said,) = ran(at).toast
    assert "**Other** failed." in said.value
    assert not ran(at).toast


def test_trials_tell_nothing_and_their_sweep_tells_once(studio: Studio, home: Path) -> None:
    axes = Axis(name="backbone", values=("minilm",)), Axis(name="strategy", values=("feature_extraction",))
    sweep = begin(studio, Plan(dataset=text_dataset(home).id, axes=axes), name="Mail")
    run = make_run(studio, "Mail · trial 1", status="running", sweep=sweep.id, trial=1, val_accuracy=0.75)
    at = ran(AppTest.from_function(page))
    studio.store.end(run.id, "stopped", "Pruned after epoch 1: hopeless.")
    assert not ran(at).toast
    Ledger(studio.store).update(sweep.id, state="finished", winner=run.id)
    (said,) = ran(at).toast
    assert "**Mail** is finished: trial 1 won with 75.0 % of val." in said.value and not ran(at).toast


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"status": "running", "started": 900.0, "eta": 300.0}, "● 25 % · Cats"),
        ({"status": "running"}, "● 0 % · Cats"),
        ({"status": "queued"}, "○ queued · Cats"),
        ({"status": "pausing"}, "○ pausing · Cats"),
        ({"status": "finished", "val_accuracy": 0.9, "test_accuracy": 0.956}, "✓ 0.96 · Cats"),
        ({"status": "stopped", "val_accuracy": 0.9}, "■ 0.90 · Cats"),
        ({"status": "paused", "val_accuracy": 0.9}, "❚❚ paused · Cats"),
        ({"status": "failed", "val_accuracy": 0.9}, "✕ failed · Cats"),
        ({"status": "interrupted"}, "✕ interrupted · Cats"),
    ],
)
def test_the_tab_says_how_far_or_what_came_of_it(studio: Studio, columns: dict[str, Any], words: str) -> None:
    run = make_run(studio, "Cats", **({"started": None} | columns))
    assert tab.title(run, 1000.0) == words
