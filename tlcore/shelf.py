"""Folders named by what made them, kept as long as there is room: features, decoded images, small copies of images.

A folder appears whole or not at all. Who works with one holds it; what nobody holds and was unused the longest goes
first when the shelf is over its limit.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tlcore.lock import share, take

__all__ = ["Item", "Shelf", "shelf", "shelf_limit"]

KEY, HELD = "key.json", "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One folder on the shelf."""

    folder: Path
    key: Mapping[str, str]
    """What its content follows from."""
    n_bytes: int
    """On disk; holes in files cost nothing."""
    full: int
    """On disk once every hole is filled: what it is on its way to."""
    used: float
    """When it was last asked for, unix seconds."""


def shelf_limit() -> int:
    """Bytes that one shelf may hold: `TLSTUDIO_CACHE_GB`, 20 by default."""
    return int(float(os.environ.get("TLSTUDIO_CACHE_GB", "20")) * 1e9)


def shelf(home: Path, name: Literal["checks", "features", "pixels", "thumbnails"]) -> Shelf:
    """The home's shelf of measures, features, decoded images or thumbnails; its limit is the environment's."""
    return Shelf(home / name, limit=shelf_limit())


class Shelf:
    """The folders below one folder. Any number of processes may use it at once."""

    def __init__(self, folder: Path, *, limit: int) -> None:
        self.folder, self.limit = folder, limit

    def place(self, key: Mapping[str, str], make: Callable[[Path], None]) -> tuple[Path, int]:
        """The folder for `key`, filled by `make` if it is new, and the descriptor that keeps it from being evicted."""
        folder = self.folder / hashlib.sha256(json.dumps(dict(key), sort_keys=True).encode()).hexdigest()[:24]
        while True:
            if not folder.is_dir():
                self._make(folder, key, make)
            try:
                holding = share(folder / HELD)
                (folder / KEY).touch()
            except FileNotFoundError:  # evicted between the look and the hold, or damaged: nothing whole lacks the file
                if not (folder / HELD).exists():
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            return folder, holding

    def items(self) -> tuple[Item, ...]:
        """What is there, the longest unused first."""
        found = [_item(folder) for folder in self.folder.glob("[!.]*/")]
        return tuple(sorted(filter(None, found), key=lambda item: item.used))

    def evict(self, limit: int | None = None) -> int:
        """Remove what was unused the longest until the rest, once full, fits the limit; what is held stays.

        Returns bytes freed on disk.
        """
        items = self.items()
        excess, freed = sum(item.full for item in items) - (self.limit if limit is None else limit), 0
        for item in items:
            if excess > 0 and _remove(item.folder):
                excess -= item.full
                freed += item.n_bytes
        return freed

    def _make(self, folder: Path, key: Mapping[str, str], make: Callable[[Path], None]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        make(draft)
        (draft / HELD).touch()
        (draft / KEY).write_text(json.dumps(dict(key), indent=1, sort_keys=True))
        self.evict(self.limit - _size(draft)[1])
        try:
            draft.rename(folder)
        except OSError:  # another process was first
            shutil.rmtree(draft, ignore_errors=True)


def _item(folder: Path) -> Item | None:
    try:
        n_bytes, full = _size(folder)
        key = json.loads((folder / KEY).read_text())
        return Item(folder=folder, key=key, n_bytes=n_bytes, full=full, used=(folder / KEY).stat().st_mtime)
    except FileNotFoundError:  # evicted meanwhile
        return None


def _size(folder: Path) -> tuple[int, int]:
    """Bytes on disk, now and once every hole is filled."""
    files = [path.stat() for path in folder.iterdir()]
    now = sum(file.st_blocks * 512 for file in files)
    return now, max(now, sum(file.st_size for file in files))


def _remove(folder: Path) -> bool:
    """Move it out of sight first, so that nobody finds half of it."""
    holding = take(folder / HELD, create=False)
    if holding is None:
        return False
    gone = folder.with_name(f".gone-{os.getpid()}-{folder.name}")
    folder.rename(gone)
    os.close(holding)
    shutil.rmtree(gone, ignore_errors=True)
    return True
