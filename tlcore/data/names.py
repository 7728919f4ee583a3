"""Names that other people chose, made safe to show, to store and to compare."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from pathlib import PurePosixPath

__all__ = ["class_name", "file_name", "readable"]

MAX_CLASS_CHARS = 80
MAX_PATH_CHARS = 300
MAX_FILE_CHARS = 100
MAX_SUFFIX_CHARS = 16
BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@lru_cache(maxsize=256)
def class_name(raw: str) -> str:
    """A class's name: NFC, one line, at most 80 characters; too long ones end in a digest so that they stay apart."""
    name = _plain(raw)
    if len(name) <= MAX_CLASS_CHARS:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: MAX_CLASS_CHARS - 9].rstrip()}…{mark}"


def readable(raw: str) -> str:
    """A path or a name as it can be shown on one line; the middle of a very long one is left out."""
    name = _plain(raw)
    half = MAX_PATH_CHARS // 2
    return name if len(name) <= MAX_PATH_CHARS else f"{name[:half]}…{name[-half:]}"


def file_name(raw: str) -> str:
    """A file name without folders or characters that a file system may refuse; the suffix is kept."""
    last = re.split(r"[\\/]", _plain(raw))[-1]
    safe = re.sub(r'[<>:"|?*]', "_", last).strip(". ") or "upload"
    suffix = PurePosixPath(safe).suffix
    suffix = suffix if len(suffix) <= MAX_SUFFIX_CHARS else ""
    stem = safe.removesuffix(suffix)
    room = MAX_FILE_CHARS - len(suffix)
    return stem.encode()[:room].decode(errors="ignore") + suffix


def _plain(raw: str) -> str:
    whole = raw.encode("utf-8", "replace").decode("utf-8")
    kept = "".join(" " if char.isspace() else char for char in whole if _shown(char))
    return " ".join(unicodedata.normalize("NFC", kept).split())


def _shown(char: str) -> bool:
    return char.isspace() or (unicodedata.category(char) != "Cc" and char not in BIDI)
