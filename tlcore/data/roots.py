"""Folders of the server that its operator opens to everybody who has the page, and nothing outside them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tlcore.data.grid import TABLES
from tlcore.data.names import readable
from tlcore.data.opening import KINDS
from tlcore.data.tape import TARS
from tlcore.errors import DataError

__all__ = ["VARIABLE", "Listing", "allowed", "browse", "roots"]

VARIABLE = "TLSTUDIO_DATA_ROOTS"
"""Folders divided by the system's separator of paths, `:` on Linux."""
MOST = 1_000
"""Names of a folder that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What lies in a folder of the server."""

    folders: tuple[Path, ...]
    """Sorted by name."""
    files: tuple[Path, ...]
    """Archives and tables, sorted by name."""
    n_others: int
    """Other files, images for example."""
    more: bool
    """There is more than was looked at."""


def roots(environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The folders that are open, resolved; those that are not there are passed over."""
    named = [Path(one).expanduser() for one in environ.get(VARIABLE, "").split(os.pathsep) if one.strip()]
    return tuple(dict.fromkeys(path.resolve() for path in named if path.is_dir()))


def allowed(path: Path, open_roots: Sequence[Path]) -> Path:
    """The path itself, with every link followed.

    Raises:
        DataError: it is not there, or lies outside the roots.
    """
    try:
        found = path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(f"There is no {readable(str(path))} on the server; choose another.") from error
    if not any(found.is_relative_to(root) for root in open_roots):
        raise DataError(
            f"{readable(str(path))} lies outside the folders that are open here; the operator opens more of them with "
            f"{VARIABLE}, or bring {KINDS}."
        )
    return found


def browse(folder: Path, open_roots: Sequence[Path]) -> Listing:
    """What can be chosen in a folder; what leads out of the roots is left out.

    Raises:
        DataError: as `allowed`, or it cannot be opened.
    """
    here = allowed(folder, open_roots)
    try:
        names = list(islice(os.scandir(here), MOST + 1))
    except OSError as error:
        raise DataError(f"{readable(str(folder))} cannot be opened; check its permissions.") from error
    inside = [
        Path(entry.path) for entry in names[:MOST] if not entry.name.startswith(".") and _inside(entry, open_roots)
    ]
    folders = [path for path in inside if path.is_dir()]
    files = [path for path in inside if path.is_file() and path.name.lower().endswith((".zip", *TARS, *TABLES))]
    return Listing(
        folders=tuple(sorted(folders)),
        files=tuple(sorted(files)),
        n_others=len(inside) - len(folders) - len(files),
        more=len(names) > MOST,
    )


def _inside(entry: os.DirEntry[str], open_roots: Sequence[Path]) -> bool:
    if not entry.is_symlink():
        return True
    try:
        allowed(Path(entry.path), open_roots)
    except DataError:
        return False
    return True
