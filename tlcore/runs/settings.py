"""How a server shares itself out, as its environment says."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tlcore.device import machine
from tlcore.errors import RunError

__all__ = ["Settings", "keep", "kept"]

MOST_SLOTS = 64
_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Valid once built."""

    slots: int | None = None
    """Runs that work at once; None is one for each GPU, or one."""
    auto_resume: bool = False
    """Runs that a restart of the machine cut off are queued again."""
    anyone_controls: bool = False
    """Everybody may stop, change and delete everybody's runs."""

    def __post_init__(self) -> None:
        if self.slots is not None and not 1 <= self.slots <= MOST_SLOTS:
            raise RunError(f"TLSTUDIO_SLOTS is a whole number from 1 to {MOST_SLOTS}; got {self.slots}.")

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """From `TLSTUDIO_SLOTS`, `TLSTUDIO_AUTO_RESUME` and `TLSTUDIO_ANYONE_CONTROLS`; what is unset has its default.

        Raises:
            RunError: a value that means nothing.
        """
        return cls(
            slots=_number(environment, "TLSTUDIO_SLOTS"),
            auto_resume=_switch(environment, "TLSTUDIO_AUTO_RESUME"),
            anyone_controls=_switch(environment, "TLSTUDIO_ANYONE_CONTROLS"),
        )

    def n_slots(self) -> int:
        """On this machine."""
        return self.slots or max(1, len(machine().gpus))


def keep(home: Path, settings: Settings) -> None:
    """Have every process of this home go by what its server was started with."""
    path = _path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{os.getpid()}-{path.name}")
    draft.write_text(json.dumps(asdict(settings)), encoding="utf-8")
    draft.replace(path)


def kept(home: Path) -> Settings:
    """What the server was started with; this process's environment where no server has been."""
    try:
        return Settings(**json.loads(_path(home).read_text(encoding="utf-8")))
    except (FileNotFoundError, TypeError, ValueError):
        return Settings.read(os.environ)


def _path(home: Path) -> Path:
    return home / "nursery" / "settings.json"


def _number(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal():
        raise RunError(f"{name} is a whole number from 1 to {MOST_SLOTS}; got {text!r}.")
    return int(text)


def _switch(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name, "").strip().lower()
    if text not in (*_YES, *_NO):
        raise RunError(f"{name} is 1 or 0; got {text!r}.")
    return text in _YES
