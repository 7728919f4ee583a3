"""Where the studio keeps its things."""

import os
from functools import lru_cache
from pathlib import Path

__all__ = ["home"]


def home() -> Path:
    """The studio's folder: `TLSTUDIO_HOME`, or the user's data folder. It is made if absent."""
    folder = _folder(os.environ.get("TLSTUDIO_HOME", ""))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@lru_cache(4)
def _folder(chosen: str) -> Path:
    from platformdirs import user_data_path

    return Path(chosen).expanduser().resolve() if chosen else user_data_path("tlstudio")
