"""Where image files come from: a zip, a folder, or anything else with entries and bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.problems import Findings, Rejected
from tlcore.errors import DataError

__all__ = ["Entry", "FolderSource", "Source", "is_junk"]

JUNK_FOLDERS = frozenset({"__MACOSX", ".ipynb_checkpoints", ".git"})
JUNK_FILES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a source."""

    path: str
    """Its place in the source, with `/`; folders decide the class."""
    size: int
    """Bytes, as declared."""
    key: Any
    """What the source finds it by."""


class Source(Protocol):
    """Files that are listed once and read from several threads."""

    name: str
    """As the user calls it."""

    def entries(self, limits: Limits, findings: Findings) -> list[Entry]:
        """Regular files sorted by path; what cannot be read safely goes to the findings."""
        ...

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """The file's bytes, `max_bytes` at most; raises `Rejected` where it is damaged or larger."""
        ...


def is_junk(path: str) -> bool:
    """Whether an operating system or editor left it there: nobody misses it."""
    *folders, last = path.split("/")
    return bool(JUNK_FOLDERS.intersection(folders)) or last.lower() in JUNK_FILES or last.startswith("._")


class FolderSource:
    """A folder on this machine. Links to files are followed, links to folders are not."""

    def __init__(self, folder: Path) -> None:
        self.name = readable(folder.resolve().name)
        self._folder = folder

    def entries(self, limits: Limits, findings: Findings) -> list[Entry]:
        """Every regular file below the folder."""
        found: list[Entry] = []
        n_bytes = 0
        for path in self._files(findings):
            inside = path.relative_to(self._folder).as_posix()
            size = _size(path)
            if is_junk(inside):
                continue
            if size is None:
                findings.leave_out(inside, "cannot be opened, or not a regular file", "Check its permissions.")
                continue
            found.append(Entry(path=inside, size=size, key=path))
            n_bytes += size
            self._check(len(found), n_bytes, limits)
        return sorted(found, key=lambda entry: entry.path)

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """The file's bytes."""
        try:
            with Path(entry.key).open("rb") as file:
                data = file.read(max_bytes + 1)
        except OSError as error:
            raise Rejected("cannot be opened", "Check its permissions.") from error
        if len(data) > max_bytes:
            raise Rejected(f"larger than {max_bytes:,} bytes", "Scale the image down.")
        return data

    def _files(self, findings: Findings) -> Iterator[Path]:
        def unreadable(error: OSError) -> None:
            findings.leave_out(str(error.filename), "folder that cannot be opened", "Check its permissions.")

        for base, folders, files in os.walk(self._folder, onerror=unreadable):
            for folder in folders:
                link = Path(base, folder)
                if link.is_symlink():
                    inside = link.relative_to(self._folder).as_posix()
                    findings.leave_out(inside, "link to another folder", "Copy the files instead.")
            yield from (Path(base, file) for file in files)

    def _check(self, n_files: int, n_bytes: int, limits: Limits) -> None:
        if n_files > limits.max_files:
            raise DataError(f"{self.name} holds more than the {limits.max_files:,} files allowed; divide it.")
        if n_bytes > limits.max_bytes:
            raise DataError(f"{self.name} holds more than the {limits.max_bytes:,} bytes allowed; divide it.")


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None
