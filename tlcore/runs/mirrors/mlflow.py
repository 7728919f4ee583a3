"""A run's mirror in MLflow."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tlcore.runs.mirrors.mirror import need, tame
from tlcore.runs.records import Point, Run
from tlcore.training import Recipe

__all__ = ["MlflowMirror", "flat"]

BATCH = 1000
"""Metrics in one request to MLflow, the most that it takes."""
MOST_PARAMS = 200
MOST_CHARACTERS = 500
"""Of one parameter's value; MLflow's own limit is 6,000."""
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""What MLflow is told unless the user says otherwise: no reports to its makers, and a short wait for a lost server."""
ARTIFACTS = ("best.safetensors", "adapter")


class MlflowMirror:
    """A run of MLflow: parameters, metrics by step, tags, and at the end the files."""

    name = "MLflow"

    def __init__(self, address: str, *, experiment: str = "tlstudio") -> None:
        """An address as in MLFLOW_TRACKING_URI.

        Raises:
            RunError: the package is not installed.
        """
        need("mlflow", "MLFLOW_TRACKING_URI", "mlflow-skinny")
        for key, value in QUIET.items():
            os.environ.setdefault(key, value)
        from mlflow.tracking import MlflowClient

        self._client: Any = MlflowClient(tracking_uri=address)
        self._experiment = experiment
        self._run = ""

    def begin(self, run: Run) -> None:
        """Go on with the run of an earlier life, or make one; equal values that are logged again are kept once."""
        experiment = self._client.get_experiment_by_name(self._experiment)
        number = experiment.experiment_id if experiment else self._client.create_experiment(self._experiment)
        known = self._client.search_runs([number], filter_string=f"tags.`tlstudio.run` = '{run.id}'", max_results=1)
        if known:
            self._run = known[0].info.run_id
            self._client.update_run(self._run, status="RUNNING")
            return
        tags = {"tlstudio.run": run.id, "dataset": run.dataset, "backbone": run.backbone, "strategy": run.strategy}
        made = self._client.create_run(number, run_name=run.name, tags=tags | ({"user": run.user} if run.user else {}))
        self._run = made.info.run_id
        self._params(run)

    def take(self, points: Sequence[Point]) -> None:
        """Log them in batches."""
        from mlflow.entities import Metric

        metrics = [
            Metric(tame(f"{_prefix(point)}{name}"), value, round(1000 * point.time), point.step)
            for point in points
            for name, value in point.values.items()
            if math.isfinite(value)
        ]
        for start in range(0, len(metrics), BATCH):
            self._client.log_batch(self._run, metrics=metrics[start : start + BATCH])

    def end(self, run: Run, folder: Path) -> None:
        """The scores, the files, and the status in MLflow's words."""
        for name, value in (("best_val_accuracy", run.val_accuracy), ("test_accuracy", run.test_accuracy)):
            if value is not None:
                self._client.log_metric(self._run, name, value, step=run.step)
        with tempfile.TemporaryDirectory() as written:
            for path in [*_written(run, Path(written)), *(folder / name for name in ARTIFACTS)]:
                if path.is_dir():
                    self._client.log_artifacts(self._run, str(path), path.name)
                elif path.exists():
                    self._client.log_artifact(self._run, str(path))
        words = {"finished": "FINISHED", "stopped": "FINISHED", "failed": "FAILED", "paused": "SCHEDULED"}
        self._client.set_terminated(self._run, status=words.get(run.status, "KILLED"))

    def _params(self, run: Run) -> None:
        from mlflow.entities import Param

        params = [Param(tame(key), value) for key, value in flat(run.recipe).items()]
        for start in range(0, len(params), 100):
            self._client.log_batch(self._run, params=params[start : start + 100])


def flat(recipe: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """A recipe as `strategy.lr` -> "0.001": at most `MOST_PARAMS`, each value cut to `MOST_CHARACTERS`."""
    found: dict[str, str] = {}
    for key, value in recipe.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = str(value)[:MOST_CHARACTERS]
    return dict(list(found.items())[:MOST_PARAMS])


def _prefix(point: Point) -> str:
    """Epochs and readings of the machine have names of their own; steps are what a metric is of by itself."""
    return "" if point.scope == "step" else f"{point.scope}/"


def _written(run: Run, folder: Path) -> list[Path]:
    """The recipe and the report as files."""
    recipe, report = folder / "recipe.toml", folder / "report.json"
    recipe.write_text(Recipe.from_dict(run.recipe).to_toml(), encoding="utf-8")
    if run.report is None:
        return [recipe]
    report.write_text(json.dumps(run.report, indent=1), encoding="utf-8")
    return [recipe, report]
