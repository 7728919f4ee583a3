"""A file from the network: bounded, resumed where it broke off, and taken only if it is the published one."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.storage import check_space
from tlcore.errors import DataError
from tlcore.lock import take

__all__ = ["Told", "fetch", "reserved"]

Told = Callable[[int, int], None]
"""Takes bytes done of a file, and bytes in all; 0 where the server does not say."""
CHUNK = 2**20
TIMEOUT = 20.0
"""Seconds without a byte after which the network counts as absent."""
MAX_REASON_CHARS = 160


@contextmanager
def reserved(home: Path, folder: str, title: str) -> Iterator[Path]:
    """A folder for the downloads of one dataset, this process's alone; it goes once the block came to its end.

    After an error what was fetched stays, and the next block goes on from there.

    Raises:
        DataError: another process is fetching the same.
    """
    path = home / "incoming" / folder
    path.mkdir(parents=True, exist_ok=True)
    os.utime(path)  # what is under way is not swept as forgotten
    lock = take(path / "lock")
    if lock is None:
        raise DataError(f"{title} is being fetched already; wait for that, then it is there at once.")
    try:
        yield path
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(lock)


def fetch(urls: Sequence[str], target: Path, told: Told, *, md5: str = "", limits: Limits = Limits()) -> None:
    """Save what the first of the URLs gives that answers; nothing is fetched that is there.

    What came before a failure, or before `told` raised, is kept beside the target; the next call goes on from there.

    Raises:
        DataError: no network, no such file, larger than the limits or the free disk, or not the published file.
    """
    if target.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    for place, url in enumerate(urls, start=1):
        try:
            _stream(url, target, told, md5, limits)
            return
        except (OSError, HTTPException) as error:
            if place == len(urls):
                raise DataError(_failed(url, error)) from error


def _stream(url: str, target: Path, told: Told, md5: str, limits: Limits) -> None:
    part = target.with_name(f"{target.name}.part")
    before = part.stat().st_size if part.exists() else 0
    with _asked(url, before) as answer:
        before = before if answer.status == 206 else 0
        total = before + int(answer.headers.get("Content-Length") or 0)
        _check(target.name, max(total, before), max(total - before, 0), target.parent, limits)
        done = _copied(answer, part, before, total, told, limits)
    if total > before and done != total:
        raise OSError(f"the connection ended after {done:,} of {total:,} bytes")
    if md5 and (found := _md5(part)) != md5:
        part.unlink()
        raise DataError(
            f"What came from {url} is not the published file: its MD5 is {found}, not {md5}. Try again; if that does "
            "not help, something on the way changes downloads."
        )
    part.replace(target)


def _asked(url: str, before: int) -> Any:
    """The answer, from where the last one broke off; from the start where the server has no more to give."""
    headers = {"User-Agent": "tlstudio"}
    try:
        return urlopen(
            Request(url, headers=headers | ({"Range": f"bytes={before}-"} if before else {})), timeout=TIMEOUT
        )
    except HTTPError as error:
        if error.code != 416:
            raise
    return urlopen(Request(url, headers=headers), timeout=TIMEOUT)


def _copied(answer: Any, part: Path, done: int, total: int, told: Told, limits: Limits) -> int:
    with part.open("ab" if done else "wb") as file:
        while chunk := answer.read(CHUNK):
            done += len(chunk)
            _check(part.stem, done, 0, part.parent, limits)
            file.write(chunk)
            told(done, total)
    return done


def _check(name: str, n_bytes: int, coming: int, folder: Path, limits: Limits) -> None:
    if n_bytes > limits.max_bytes:
        raise DataError(f"{readable(name)} has more than {limits.max_bytes:,} bytes, which is what is allowed.")
    check_space(folder, coming)


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _failed(url: str, error: Exception) -> str:
    reason = readable(str(getattr(error, "reason", "") or error))[:MAX_REASON_CHARS]
    if isinstance(error, HTTPError):
        return f"{url} answered {error.code} ({reason}); it may have moved, or be down for a while. Try again later."
    return (
        f"The download of {url} failed ({reason}): is there a network? Try again with one, and it goes on from where "
        "it broke off; or bring the files from a machine that has them, as a zip."
    )
