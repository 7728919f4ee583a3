"""Where else the metrics of a run may go: an MLflow server, and event files for TensorBoard.

Both packages are optional, and imported only where the environment asks for them.
"""

from tlcore.runs.mirrors.mirror import Mirror
from tlcore.runs.mirrors.mlflow import MlflowMirror
from tlcore.runs.mirrors.tensorboard import TensorboardMirror

__all__ = ["Mirror", "MlflowMirror", "TensorboardMirror"]
