"""What the live charts of one run have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tlcore.runs import Run
from ui.history import History
from ui.live_plot import Chart, Trace
from ui.marks import Mark
from ui.train_view import View

__all__ = ["Frame"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The run, what is known of it, and how it is looked at."""

    run: Run
    held: History
    marks: Sequence[Mark]
    view: View

    def chart(
        self,
        name: str,
        traces: Sequence[Trace],
        *,
        what: str,
        says: str,
        tick: str = "~g",
        log: bool = False,
        include: Sequence[float] = (),
        floor: float | None = None,
        nothing: str = "",
    ) -> Chart:
        """The chart called `name`; `says` is its content for a screen reader, and `nothing` why it is empty."""
        run = self.run
        ended = "Nothing was measured" if run.step else "It ended before its first step"
        return Chart(
            traces=traces,
            key=f"{name}-plot-{run.id}",
            what=what,
            unit=self.view.unit,
            per_epoch=run.steps / run.epochs if run.steps and run.epochs else 1.0,
            tick=tick,
            log=log,
            include=include,
            floor=floor,
            marks=self.marks,
            alt=f"{says}{self._marked()}",
            nothing=(nothing or "Waiting for the first step") if run.live else ended,
        )

    def _marked(self) -> str:
        phases = [mark.name for mark in self.marks if mark.kind == "phase"]
        warned = sum(mark.kind == "warning" for mark in self.marks)
        said = f" Phases: {', '.join(phases)}." if phases else ""
        return said + (f" Warnings at {warned:,} {'step' if warned == 1 else 'steps'}, see the log." if warned else "")
