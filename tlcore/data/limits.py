"""What an upload may cost."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that are checked before anything is unpacked, and again while reading."""

    max_files: int = 200_000
    """Entries of an archive or folder."""
    max_bytes: int = 20 * GIB
    """Bytes of an upload, and of all its files together once unpacked."""
    max_file_bytes: int = GIB // 4
    """Bytes of one image file."""
    max_table_bytes: int = GIB
    """Bytes of a table's file, and of its texts together, which are held in memory while they are checked."""
    max_rows: int = 5_000_000
    """Rows of a table."""
    min_columns: int = 2
    """Of a table: a text and a label; 1 where texts alone will do."""
    max_pixels: int = 89_000_000
    """Pixels of one image; just under where Pillow starts to suspect a decompression bomb."""
    max_text_chars: int = 100_000
    """Characters of one text; stays below the csv module's own bound of 131,072."""
    max_ratio: float = 200.0
    """Unpacked bytes over packed bytes of a whole archive; photographs have about 1, drawings up to 50."""
