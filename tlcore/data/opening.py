"""What people bring, opened: by what its bytes say it is, not by its name alone."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tlcore.data.archive import ZipSource
from tlcore.data.columns import SPLIT_NAMES
from tlcore.data.grid import TABLES, is_table
from tlcore.data.layout import looks_like_image
from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.sources import FilesSource, FolderSource, Source, Together
from tlcore.data.tape import TarSource, is_tar
from tlcore.errors import DataError

__all__ = ["KINDS", "opened", "title_of"]

KINDS = "a zip or tar of class folders with images, images with a table of their labels, or a table of texts"
"""What can be brought, for people."""
ENDINGS = (".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tar", *TABLES)


@contextmanager
def opened(paths: Sequence[Path], limits: Limits, spool: Path, *, inside_only: bool = False) -> Iterator[Source]:
    """Folders, archives and single files as one source; what must be unpacked lies below `spool` until the end.

    Raises:
        DataError: one of them is of no kind that is read, damaged, or beyond the limits.
    """
    with ExitStack() as stack:
        sources: list[Source] = []
        single = [path for path in paths if not path.is_dir() and _is_single(path)]
        for path in paths:
            if path.is_dir():
                sources.append(FolderSource(path, inside_only=inside_only))
            elif path not in single:
                archive: ZipSource | TarSource = _archive(path, limits, spool)
                stack.enter_context(archive)
                sources.append(archive)
        if single:
            sources.append(FilesSource(single))
        yield sources[0] if len(sources) == 1 else Together(sources, frozenset(SPLIT_NAMES))


def title_of(name: str) -> str:
    """What a dataset is called that came as a file of this name."""
    ending = next((ending for ending in ENDINGS if name.lower().endswith(ending)), "")
    return name[: len(name) - len(ending)] or name


def _is_single(path: Path) -> bool:
    return is_table(path.name) or (looks_like_image(path.name) and not zipfile.is_zipfile(path))


def _archive(path: Path, limits: Limits, spool: Path) -> ZipSource | TarSource:
    name = readable(path.name)
    if path.stat().st_size == 0:
        raise DataError(f"{name} is empty (0 bytes); make it again.")
    if path.suffix.lower() != ".zip" and not zipfile.is_zipfile(path):
        if is_tar(path):
            return TarSource(path, limits, spool)
        raise DataError(f"{name} is of a kind that is not read; bring {KINDS}.")
    if path.suffix.lower() == ".zip" and is_tar(path) and not zipfile.is_zipfile(path):
        return TarSource(path, limits, spool)
    if path.suffix.lower() in (".ods", ".docx", ".xls"):
        raise DataError(f"{name} is an office document; save its sheet as .xlsx or CSV UTF-8 and bring that.")
    return ZipSource(path, limits)
