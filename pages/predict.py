"""Evaluate: a trained model looked at closely, on its test split and on input of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tlcore.runs import Run
from ui import state
from ui.layout import empty, header
from ui.naming import run_title
from ui.predict.attempt import attempt
from ui.predict.evaluate import evaluate
from ui.predict.explain_samples import explain_samples
from ui.takeaway import takeaway

VIEWS: Mapping[str, tuple[str, Callable[[Run], None]]] = {
    "evaluate": (":material/fact_check: Evaluate", evaluate),
    "explain": (":material/search_insights: Explain", explain_samples),
    "try": (":material/science: Try it", attempt),
    "take": (":material/redeem: Take home", takeaway),
}
LISTED = 500
HELP = (
    "Evaluate has the scores on a split and the samples behind them; Explain shows what an answer rests on; "
    "Try it answers input of your own; Take home has the model in the forms that other programs read."
)


def main() -> None:
    """Draw the page."""
    header("Evaluate")
    runs = state.studio().runs(LISTED)
    known = {run.id: run for run in runs if run.best_epoch}
    if not known and any(run.live for run in runs):
        empty("A model is in training; it can be looked at after its first epoch.", page="train", action="Watch it")
        return
    if not known:
        empty("There is no trained model to look at yet.", page="strategy", action="Choose a strategy")
        return
    chosen = state.pick(
        "run",
        list(known),
        lambda key: run_title(known[key]),
        label="Run",
        icon=":material/monitoring:",
    )
    view = state.segment("look", list(VIEWS), lambda name: VIEWS[name][0], label="View", help_text=HELP)
    VIEWS[view][1](known[chosen])


main()
