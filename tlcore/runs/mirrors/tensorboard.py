"""A run's mirror for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tlcore.runs.mirrors.mirror import need, tame
from tlcore.runs.records import Point, Run

__all__ = ["TensorboardMirror"]


class TensorboardMirror:
    """Event files in a folder of the run's own below a log folder."""

    name = "TensorBoard"

    def __init__(self, logs: Path) -> None:
        """The folder that `tensorboard --logdir` is given.

        Raises:
            RunError: the package is not installed.
        """
        need("tensorboard", "TLSTUDIO_TENSORBOARD", "tensorboard")
        self._logs = logs
        self._file: Any = None

    def begin(self, run: Run) -> None:
        """A new file; readers then drop what earlier files have of the same run, since it all follows again."""
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self.close()
        folder = self._logs / f"{run.id} {tame(run.name).replace('/', '_')[:60]}".strip(" .")
        self._file = EventFileWriter(str(folder))
        started = SessionLog(status=SessionLog.START)
        self._file.add_event(Event(session_log=started, step=0, wall_time=run.started or run.created))
        self._file.flush()

    def take(self, points: Sequence[Point]) -> None:
        """Append an event for each point, at the time it was measured."""
        for point in points:
            named = {tame(f"{point.scope}/{name}"): value for name, value in point.values.items()}
            self._add(point.step, point.time, named)
        self._file.flush()

    def end(self, run: Run, folder: Path) -> None:
        """The test score as two more scalars."""
        if run.test_accuracy is not None:
            scores = {"test/accuracy": run.test_accuracy, "test/macro_f1": run.test_macro_f1 or 0.0}
            self._add(run.step, run.finished or run.created, scores)
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _add(self, step: int, time: float, values: Mapping[str, float]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        scalars = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        self._file.add_event(Event(summary=Summary(value=scalars), step=step, wall_time=time))
