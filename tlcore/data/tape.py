"""Tar archives from people one does not know, plain or compressed. Members are read as bytes, never extracted.

A compressed tar has no index: it is unpacked once into one bounded file, in which the members then lie at known places.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tlcore.data.archive import ARCHIVES, CHUNK, DRIVE, PACK_AGAIN, RATIO_FROM_BYTES
from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.problems import Findings, Rejected
from tlcore.data.sources import Entry, is_junk
from tlcore.data.storage import check_space
from tlcore.errors import DataError

__all__ = ["TARS", "TarSource", "is_tar"]

MAX_HEADER_BYTES = 2**20
"""Of one long name or one block of attributes."""
READS_PER_FILE = 8
"""Blocks of headers that a member may need on average."""
MAGIC = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zst"}
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst")


def is_tar(path: Path) -> bool:
    """Whether its name says tar, or its first bytes do."""
    if path.name.lower().endswith(TARS):
        return True
    with path.open("rb") as file:
        return file.read(262)[257:] == b"ustar"


class TarSource:
    """A tar, opened for the time of a `with` block; what must be unpacked lies in `spool` until then.

    Raises:
        DataError: not a tar, damaged, a bomb, or beyond the limits.
    """

    def __init__(self, path: Path, limits: Limits, spool: Path) -> None:
        self.name = readable(path.name)
        kind = _compression(path)
        self._file = path.open("rb") if kind is None else self._unpacked(path, kind, limits, spool)
        self._size = self._file.seek(0, os.SEEK_END)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def entries(self, limits: Limits, findings: Findings) -> list[Entry]:
        """The members that can be read safely."""
        found: dict[str, Entry] = {}
        n_bytes = 0
        for n_members, member in enumerate(self._members(limits), start=1):
            if n_members > limits.max_files:
                raise DataError(f"{self.name} holds more than the {limits.max_files:,} files allowed; divide it.")
            path = member.name.removeprefix("./")
            if member.isdir() or is_junk(path):
                continue
            try:
                _admit(member, path)
            except Rejected as rejected:
                findings.leave_out(path, rejected.reason, rejected.advice)
                continue
            n_bytes += member.size
            if path in found:
                findings.leave_out(path, "there twice under one name, the last one is kept", PACK_AGAIN)
            found[path] = Entry(path=path, size=member.size, key=(member.offset_data, member.size))
        if n_bytes > limits.max_bytes:
            raise DataError(
                f"{self.name} unpacks to {n_bytes:,} bytes, {limits.max_bytes:,} are allowed; divide it or scale down."
            )
        if not found and not findings.problems():
            raise DataError(f"{self.name} is empty; put the images into one folder per class and pack those folders.")
        return [found[path] for path in sorted(found)]

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """A member's bytes, wherever other threads read."""
        start, size = entry.key
        if size > max_bytes:
            raise Rejected(f"larger than {max_bytes:,} bytes", "Scale the image down.")
        data = os.pread(self._file.fileno(), size, start)
        if len(data) != size:
            raise Rejected("cut off within the archive", PACK_AGAIN)
        return data

    def _members(self, limits: Limits) -> Iterator[tarfile.TarInfo]:
        """In their order; a header that leads back, or an endless one, is refused."""
        file = _Bounded(self._file, READS_PER_FILE * limits.max_files + 64, self.name)
        last = -1
        try:
            with tarfile.TarFile(fileobj=file) as archive:
                while (member := archive.next()) is not None:
                    archive.members.clear()  # type: ignore[attr-defined]  # it would keep all of them
                    if member.offset_data <= last or member.size < 0:
                        raise DataError(f"{self.name} is damaged: its parts overlap. {PACK_AGAIN}")
                    last = member.offset_data
                    yield member
        except (tarfile.TarError, ValueError, OverflowError, OSError, RecursionError, EOFError) as error:
            raise DataError(f"{self.name} is no tar archive, or was cut off on its way; upload it again.") from error

    def _unpacked(self, path: Path, kind: str, limits: Limits, spool: Path) -> IO[bytes]:
        """The whole archive without its compression, in a file without a name."""
        spool.mkdir(parents=True, exist_ok=True)
        file: IO[bytes] = tempfile.TemporaryFile(dir=spool)  # noqa: SIM115
        try:
            self._unpack(path, kind, limits, file, spool)
        except BaseException:
            file.close()
            raise
        return file

    def _unpack(self, path: Path, kind: str, limits: Limits, file: IO[bytes], spool: Path) -> None:
        packed, unpacked = path.stat().st_size, 0
        try:
            with _decompressed(path, kind) as stream:
                while chunk := stream.read(CHUNK):
                    unpacked += len(chunk)
                    self._check(packed, unpacked, limits)
                    if unpacked % (64 * CHUNK) < CHUNK:
                        check_space(spool, CHUNK)
                    file.write(chunk)
            file.flush()
        except (EOFError, lzma.LZMAError, zlib.error, OSError, ValueError, ImportError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise DataError(f"{self.name} is damaged, or was cut off on its way; upload it again.") from error

    def _check(self, packed: int, unpacked: int, limits: Limits) -> None:
        if unpacked > limits.max_bytes:
            raise DataError(f"{self.name} unpacks to more than the {limits.max_bytes:,} bytes allowed; divide it.")
        if unpacked > RATIO_FROM_BYTES and unpacked > limits.max_ratio * packed:
            raise DataError(
                f"{self.name} unpacks to more than {limits.max_ratio:g} times its size, as a bomb does; "
                "save the images as JPEG or PNG and pack those."
            )


class _Bounded(io.RawIOBase):
    """Refuses a single huge read, and endlessly many: `tarfile` follows whatever a header says."""

    def __init__(self, file: IO[bytes], max_reads: int, name: str) -> None:
        self._file, self._left, self._called = file, max_reads, name
        file.seek(0)

    def read(self, size: int = -1, /) -> bytes:
        self._left -= 1
        if self._left < 0 or not 0 <= size <= MAX_HEADER_BYTES:
            raise DataError(f"{self._called} has headers without end; {PACK_AGAIN[0].lower()}{PACK_AGAIN[1:]}")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _compression(path: Path) -> str | None:
    with path.open("rb") as file:
        start = file.read(8)
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), None)


def _decompressed(path: Path, kind: str) -> Any:
    if kind == "zst":
        import pyarrow as pa

        return pa.CompressedInputStream(str(path), "zstd")
    if kind == "gz":
        return gzip.open(path, "rb")
    return bz2.open(path, "rb") if kind == "bz2" else lzma.open(path, "rb")


def _admit(member: tarfile.TarInfo, path: str) -> None:
    parts = path.replace("\\", "/").split("/")
    if ".." in parts or path.startswith(("/", "\\")) or DRIVE.fullmatch(parts[0]):
        raise Rejected("a path that leads out of the archive", PACK_AGAIN)
    if member.issym() or member.islnk():
        raise Rejected("a link, not a file", "Put the file itself into the archive.")
    if not member.isfile() or member.issparse():
        raise Rejected("a device or a sparse file", PACK_AGAIN)
    if path.lower().endswith(ARCHIVES):
        raise Rejected("an archive within the archive", "Unpack it and pack its class folders instead.")
