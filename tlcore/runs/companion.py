"""The process that tells others about one run: a webhook, MLflow, TensorBoard.

The worker starts it where the environment asks for any of these, and knows no more of it. It reads the store as pages
do, so that a slow or lost server never slows a step, and it outlives a worker that is killed.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread

from tlcore.errors import TlcoreError
from tlcore.lock import hold
from tlcore.runs import webhook
from tlcore.runs.liveness import run_folder
from tlcore.runs.mirrors import Mirror, MlflowMirror, TensorboardMirror
from tlcore.runs.records import Run
from tlcore.runs.studio import Studio
from tlcore.runs.tail import Tail

__all__ = ["Outside", "accompany", "outside", "shadow", "start"]

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 120.0
"""How long a mirror that fails is tried again after its run ended."""
MOST_PAUSE = 30.0
"""Seconds between two attempts."""
ENDS = ("finished", "stopped", "failed", "interrupted")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Who is told."""

    webhook: str = ""
    """Address that is posted to when a run ended."""
    url: str = ""
    """The studio's own address, for links in what is posted."""
    mlflow: str = ""
    """Tracking address of MLflow."""
    experiment: str = "tlstudio"
    """Where MLflow files the runs."""
    tensorboard: str = ""
    """Folder of event files."""

    @property
    def anybody(self) -> bool:
        """Somebody is to be told."""
        return bool(self.webhook or self.mlflow or self.tensorboard)


def outside(environment: Mapping[str, str]) -> Outside:
    """What the variables TLSTUDIO_WEBHOOK, TLSTUDIO_URL, TLSTUDIO_TENSORBOARD and MLflow's own say."""
    return Outside(
        webhook=environment.get("TLSTUDIO_WEBHOOK", "").strip(),
        url=environment.get("TLSTUDIO_URL", "").strip(),
        mlflow=environment.get("MLFLOW_TRACKING_URI", "").strip(),
        experiment=environment.get("MLFLOW_EXPERIMENT_NAME", "").strip() or "tlstudio",
        tensorboard=environment.get("TLSTUDIO_TENSORBOARD", "").strip(),
    )


def start(home: Path, run_id: str) -> None:
    """Start the companion of a run where there is somebody to tell; nothing that goes wrong here reaches the run."""
    if not outside(os.environ).anybody:
        return
    try:
        subprocess.Popen(
            [sys.executable, "-m", "tlcore.runs.companion", str(home), run_id],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sys.path))},
        )
    except OSError:
        _LOG.exception("the companion of run %s did not start", run_id)


def accompany(studio: Studio, run_id: str, told: Outside) -> None:
    """Until the run has ended and all have been told, each end once. The next companion of a run waits for the last."""
    folder = run_folder(studio.home, run_id)
    with hold(folder / "companion"):
        end = _end(studio.run(run_id))
        if end and end == (folder / "companion").read_text(encoding="utf-8"):
            return
        works = [Thread(target=_mirror, args=(studio, run_id, make)) for make in _mirrors(told)]
        if told.webhook:
            works.append(Thread(target=_notify, args=(studio, run_id, told)))
        for work in works:
            work.start()
        for work in works:
            work.join()
        (folder / "companion").write_text(_end(studio.run(run_id)), encoding="utf-8")


def shadow(
    studio: Studio, run_id: str, mirror: Mirror, *, poll: float = POLL_SECONDS, patience: float = PATIENCE_SECONDS
) -> None:
    """Feed a mirror until the run is over. One that fails is fed again from the beginning; the run is told once."""
    tail, pause, tried = Tail(), poll, 0.0
    while tried <= patience:
        run = studio.run(run_id)
        try:
            begins, points = tail.read(partial(studio.points, run_id))
            if begins:
                mirror.begin(run)
            mirror.take(points)
            if not run.live:
                mirror.end(run, run_folder(studio.home, run_id))
                return
            pause = poll
        except Exception as error:
            _LOG.warning("%s does not take run %s", mirror.name, run_id, exc_info=True)
            if pause == poll:
                words = (
                    f"{mirror.name} does not take this run's metrics ({type(error).__name__}); the training goes on."
                )
                studio.store.note(run_id, words, level="warning")
            tail, pause = Tail(), min(2 * pause, MOST_PAUSE)
            tried += 0.0 if run.live else pause
        time.sleep(pause)


def _mirrors(told: Outside) -> Iterator[Callable[[], Mirror]]:
    if told.mlflow:
        yield partial(MlflowMirror, told.mlflow, experiment=told.experiment)
    if told.tensorboard:
        yield partial(TensorboardMirror, Path(told.tensorboard).expanduser())


def _mirror(studio: Studio, run_id: str, make: Callable[[], Mirror]) -> None:
    try:
        shadow(studio, run_id, make())
    except TlcoreError as error:
        _say(studio, run_id, error)


def _notify(studio: Studio, run_id: str, told: Outside) -> None:
    try:
        address = webhook.checked(told.webhook)
        while (run := studio.run(run_id)).live:
            time.sleep(POLL_SECONDS)
    except TlcoreError as error:
        _say(studio, run_id, error)
        return
    if run.status in ENDS:
        webhook.post(address, webhook.payload(run, studio_url=told.url))


def _say(studio: Studio, run_id: str, error: TlcoreError) -> None:
    """On the run's page, and in its log: the run may have been deleted."""
    _LOG.warning("%s", error)
    studio.store.note(run_id, str(error), level="warning")


def _end(run: Run) -> str:
    """Which of its ends a run has come to; nothing while it lives."""
    return "" if run.live or run.finished is None else f"{run.status} {run.finished!r}"


def main() -> None:
    """`python -m tlcore.runs.companion HOME RUN`."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s companion %(levelname)s %(message)s")
    os.nice(5)
    accompany(Studio(Path(sys.argv[1])), sys.argv[2], outside(os.environ))


if __name__ == "__main__":
    main()
