"""Where files come from: an archive, a folder, single files, or several of these together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.problems import Findings, Rejected
from tlcore.errors import DataError

__all__ = ["Entry", "FilesSource", "FolderSource", "Source", "Together", "is_junk"]

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
    shown: str = ""
    """Where people find it, if that is not the path alone."""

    @property
    def origin(self) -> str:
        """Where people find it, as it can be shown."""
        return readable(self.shown or self.path)


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
    """A folder on this machine. Links to files are followed, links to folders are not.

    With `inside_only`, links that lead out of the folder are not followed either.
    """

    def __init__(self, folder: Path, *, inside_only: bool = False) -> None:
        self.name = readable(folder.resolve().name)
        self._folder, self._inside_only = folder, inside_only

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
            if self._inside_only and path.is_symlink() and not path.resolve().is_relative_to(self._folder.resolve()):
                findings.leave_out(inside, "a link that leads out of the folder", "Copy the file itself instead.")
                continue
            found.append(Entry(path=inside, size=size, key=path))
            n_bytes += size
            self._check(len(found), n_bytes, limits)
        return sorted(found, key=lambda entry: entry.path)

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """The file's bytes."""
        return _read(Path(entry.key), max_bytes)

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


class FilesSource:
    """Single files that were named one by one."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.name = readable(files[0].name) if len(files) == 1 else f"{len(files):,} files"
        self._files = files

    def entries(self, limits: Limits, findings: Findings) -> list[Entry]:
        """Each of them, by its name."""
        return sorted(
            (
                Entry(path=path.name, size=path.stat().st_size, key=path)
                for path in self._files
                if not is_junk(path.name)
            ),
            key=lambda entry: entry.path,
        )

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """The file's bytes."""
        return _read(Path(entry.key), max_bytes)


class Together:
    """Several sources as one: their class folders are merged.

    Folders around everything are taken off each. The name of an archive that has no folders is the class of its
    images, and that of an archive called train, val or test is their split.
    """

    def __init__(self, sources: Sequence[Source], split_names: frozenset[str]) -> None:
        self.name = f"{sources[0].name} and {len(sources) - 1} more"
        self._sources, self._split_names = sources, split_names

    def entries(self, limits: Limits, findings: Findings) -> list[Entry]:
        """The files of all."""
        found: list[Entry] = []
        for place, source in enumerate(self._sources):
            inside = source.entries(replace(limits, max_files=max(1, limits.max_files - len(found))), findings)
            around = self._around(source, inside)
            found += [
                Entry(path=around(entry.path), size=entry.size, key=(place, entry), shown=f"{source.name}/{entry.path}")
                for entry in inside
            ]
        if sum(entry.size for entry in found) > limits.max_bytes:
            raise DataError(f"{self.name} hold more than the {limits.max_bytes:,} bytes allowed together; divide them.")
        return sorted(found, key=lambda entry: (entry.path, entry.shown))

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """The file's bytes."""
        place, inside = entry.key
        source: Source = self._sources[place]
        return source.read(inside, max_bytes)

    def _around(self, source: Source, entries: Sequence[Entry]) -> Callable[[str], str]:
        """What makes a path in one source a path in all."""
        stem = PurePosixPath(source.name).stem.split(".")[0]
        folders = [PurePosixPath(entry.path).parts[:-1] for entry in entries]
        n = self._wrapping(folders)
        flat = not any(parts[n:] for parts in folders) and not isinstance(source, FilesSource)
        split_inside = any(parts[n:] and parts[n].lower() in self._split_names for parts in folders)
        named = stem.lower() in self._split_names and not split_inside
        start = [stem] if flat or named else []
        return lambda path: "/".join([*start, *PurePosixPath(path).parts[n:]])

    def _wrapping(self, folders: Sequence[tuple[str, ...]]) -> int:
        n = 0
        while folders and all(len(parts) > n + 1 and parts[n] == folders[0][n] for parts in folders):
            if folders[0][n].lower() in self._split_names:
                break
            n += 1
        return n


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise Rejected("cannot be opened", "Check its permissions.") from error
    if len(data) > max_bytes:
        raise Rejected(f"larger than {max_bytes:,} bytes", "Scale the image down.")
    return data


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None
