"""Compare: which model suits the data, in three depths: rank backbones, sweep over recipes, lay runs side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ui import state
from ui.compare.rank import rank
from ui.compare.runs import runs
from ui.compare.sweep import sweep
from ui.layout import header

VIEWS: Mapping[str, tuple[str, Callable[[], None]]] = {
    "rank": (":material/leaderboard: Rank", rank),
    "sweep": (":material/grid_on: Sweep", sweep),
    "runs": (":material/compare_arrows: Runs", runs),
}
HELP = (
    "Rank scores every backbone on frozen features, in minutes. Sweep trains many recipes within a budget. "
    "Runs lays trained models side by side."
)


def main() -> None:
    """Draw the page."""
    header("Compare")
    titles = {name: title for name, (title, _) in VIEWS.items()}
    view = state.segment("view", list(VIEWS), titles.__getitem__, label="View", help_text=HELP, of="compare ")
    VIEWS[view][1]()


main()
