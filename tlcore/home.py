"""Where the studio keeps its things."""

import os
from pathlib import Path

__all__ = ["home"]


def home() -> Path:
    """The studio's folder: `TLSTUDIO_HOME`, or the user's data folder. It is made if absent."""
    from platformdirs import user_data_path

    chosen = os.environ.get("TLSTUDIO_HOME")
    folder = Path(chosen).expanduser().resolve() if chosen else user_data_path("tlstudio")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
