"""Who else is told of a home's runs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["Outside", "keep", "kept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Addresses; an empty one is nobody."""

    webhook: str = ""
    """Posted to when a run ended."""
    url: str = ""
    """The studio's own, for links in what is posted."""
    mlflow: str = ""
    """Of MLflow's tracking server."""
    experiment: str = "tlstudio"
    """Where MLflow files the runs."""
    tensorboard: str = ""
    """Folder of event files."""

    @property
    def anybody(self) -> bool:
        """Somebody is to be told."""
        return bool(self.webhook or self.mlflow or self.tensorboard)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Outside:
        """What the variables TLSTUDIO_WEBHOOK, TLSTUDIO_URL, TLSTUDIO_TENSORBOARD and MLflow's own say."""
        return cls(
            webhook=environment.get("TLSTUDIO_WEBHOOK", "").strip(),
            url=environment.get("TLSTUDIO_URL", "").strip(),
            mlflow=environment.get("MLFLOW_TRACKING_URI", "").strip(),
            experiment=environment.get("MLFLOW_EXPERIMENT_NAME", "").strip() or "tlstudio",
            tensorboard=environment.get("TLSTUDIO_TENSORBOARD", "").strip(),
        )


def keep(home: Path, told: Outside) -> None:
    """Have the runs of this home go by what its server was started with.

    For the owner's eyes only: such addresses hold secrets.
    """
    path = _path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{os.getpid()}-{path.name}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(told), file)
    draft.replace(path)


def kept(home: Path) -> Outside:
    """What the server was started with; this process's environment where no server has been."""
    try:
        return Outside(**json.loads(_path(home).read_text(encoding="utf-8")))
    except (FileNotFoundError, TypeError, ValueError):
        return Outside.read(os.environ)


def _path(home: Path) -> Path:
    return home / "nursery" / "outside.json"
