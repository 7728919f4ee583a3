"""Zip files from people one does not know. Nothing is ever extracted by name: entries are read as bytes."""

from __future__ import annotations

import io
import re
import stat
import zipfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.problems import Findings, Rejected
from tlcore.data.sources import Entry, is_junk
from tlcore.errors import DataError

__all__ = ["ZipSource"]

RATIO_FROM_BYTES = 64 * 2**20
"""Smaller zips cannot hurt, however well they pack."""
DIRECTORY_BYTES_PER_FILE = 256
"""Bytes of the table of contents that a file may cost on average."""
DRIVE = re.compile(r"[A-Za-z]:")
"""What a path on Windows begins with."""
CHUNK = 2**20
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".7z", ".rar")
PACK_AGAIN = "Pack it again with a common zip program."


class ZipSource:
    """A zip, opened for the time of a `with` block.

    Raises:
        DataError: not a zip, damaged, or with a table of contents beyond the limits.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.name = readable(path.name)
        self._file = _BoundedFile(path, max(2**20, limits.max_files * DIRECTORY_BYTES_PER_FILE), self.name)
        try:
            self._zip = zipfile.ZipFile(self._file)
        except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
            self._file.close()
            raise DataError(f"{self.name} is no zip file, or was cut off on its way; upload it again.") from error
        except DataError:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    def entries(self, limits: Limits, findings: Findings) -> list[Entry]:
        """The files that can be read safely, after the whole zip was checked against the limits."""
        files = [info for info in self._zip.infolist() if not info.is_dir()]
        self._check(files, limits)
        found: dict[str, Entry] = {}
        for info in files:
            path = _path(info)
            if is_junk(path):
                continue
            try:
                _admit(info, path)
            except Rejected as rejected:
                findings.leave_out(path, rejected.reason, rejected.advice)
                continue
            if path in found:
                findings.leave_out(path, "there twice under one name, the last one is kept", PACK_AGAIN)
            found[path] = Entry(path=path, size=info.file_size, key=info)
        return [found[path] for path in sorted(found)]

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """Unpack one file; never more than it declares, nor more than `max_bytes`."""
        try:
            with self._zip.open(entry.key) as member:
                data = _read(member, max_bytes + 1)
        except Exception as error:  # bz2, lzma, zlib, struct and zipfile each have their own
            raise Rejected("damaged within the zip", PACK_AGAIN) from error
        if len(data) > max_bytes:
            raise Rejected(f"larger than {max_bytes:,} bytes", "Scale the image down.")
        return data

    def _check(self, files: list[zipfile.ZipInfo], limits: Limits) -> None:
        if not files:
            raise DataError(f"{self.name} is empty; put the images into one folder per class and zip those folders.")
        if len(files) > limits.max_files:
            raise DataError(f"{self.name} holds {len(files):,} files, {limits.max_files:,} are allowed; divide it.")
        unpacked, packed = sum(info.file_size for info in files), sum(info.compress_size for info in files)
        if unpacked > limits.max_bytes:
            raise DataError(
                f"{self.name} unpacks to {unpacked:,} bytes, {limits.max_bytes:,} are allowed; divide it or scale down."
            )
        if unpacked > RATIO_FROM_BYTES and unpacked > limits.max_ratio * max(packed, 1):
            raise DataError(
                f"{self.name} unpacks to {unpacked / max(packed, 1):,.0f} times its size, as a zip bomb does "
                f"({limits.max_ratio:g} times is allowed); save the images as JPEG or PNG and zip those."
            )


class _BoundedFile(io.FileIO):
    """Refuses a single huge read: `zipfile` reads the whole table of contents in one, whatever length it claims."""

    def __init__(self, path: Path, max_read: int, name: str) -> None:
        super().__init__(path)
        self._max_read, self._called = max_read, name

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._max_read:
            raise DataError(f"{self._called} lists too many files; divide it.")
        return super().read(size) or b""


def _read(member: IO[bytes], n_bytes: int) -> bytes:
    data = bytearray()
    while len(data) < n_bytes and (chunk := member.read(min(CHUNK, n_bytes - len(data)))):
        data += chunk
    return bytes(data)


def _path(info: zipfile.ZipInfo) -> str:
    """Many programs write UTF-8 names without saying so, and some write Windows' backslashes."""
    name = info.filename
    if not info.flag_bits & UTF8_FLAG:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _admit(info: zipfile.ZipInfo, path: str) -> None:
    parts = path.split("/")
    if ".." in parts or path.startswith("/") or DRIVE.fullmatch(parts[0]):
        raise Rejected("a path that leads out of the zip", PACK_AGAIN)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Rejected("a link, not a file", "Put the file itself into the zip.")
    if info.flag_bits & ENCRYPTED_FLAG:
        raise Rejected("locked with a password", "Make the zip without a password.")
    if info.compress_type not in METHODS:
        raise Rejected(f"packed with an unusual method (number {info.compress_type})", PACK_AGAIN)
    if path.lower().endswith(ARCHIVES):
        raise Rejected("an archive within the zip", "Unpack it and zip its class folders instead.")
