"""What the words of a command line bring to a model: texts, files, folders, or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from tlcore.data.grid import is_table
from tlcore.data.limits import Limits
from tlcore.data.unlabelled import Offered, offered
from tlcore.errors import DataError

if TYPE_CHECKING:
    from tlcore.data import Modality

__all__ = ["given_samples"]

SHOWN = 60
"""Characters of a text that name it."""
BLANK = "It is blank; give a text, a table or a folder."
BLANK_IMAGE = "It is blank; give the path of an image, a folder or an archive."


def given_samples(inputs: Sequence[str], modality: Modality, spool: Path, column: str) -> Iterator[Offered]:
    """The samples of each word in order; what is blank, missing, empty or damaged says so in its place.

    Args:
        inputs: Paths, texts, or `-` for standard input.
        spool: Where what must be unpacked lies until the end.
        column: Which of a table's columns has the texts; guessed without.
    """
    for place, given in enumerate(inputs, start=1):
        if not given.strip():
            blank = BLANK_IMAGE if modality == "image" else BLANK
            yield Offered(name=f"input {place}", sample=None, problem=blank)
        elif given == "-":
            yield from _or_nothing(_stdin(modality), "-", "Standard input is empty.")
        elif modality == "image" or _is_path(given):
            what = "image" if modality == "image" else "text"
            yield from _or_nothing(_file(given, modality, spool, column), given, f"{given} is empty: it has no {what}.")
        else:
            _tell_folder(given)
            yield _literal(given, given)


def _or_nothing(found: Iterator[Offered], name: str, problem: str) -> Iterator[Offered]:
    """What is found, or the problem."""
    empty = True
    for one in found:
        empty = False
        yield one
    if empty:
        yield Offered(name=name, sample=None, problem=problem)


def _file(given: str, modality: Modality, spool: Path, column: str) -> Iterator[Offered]:
    if not _exists(given):
        or_text = "" if modality == "image" else ", or a text in quotes"
        problem = f"There is no file or folder {given!r}; give a path{or_text}."
        yield Offered(name=given, sample=None, problem=problem)
        return
    try:
        yield from offered(Path(given).expanduser(), modality, spool, column=column)
    except DataError as error:
        yield Offered(name=given, sample=None, problem=str(error))
    except OSError as error:
        yield Offered(name=given, sample=None, problem=f"{given} cannot be read ({error.strerror}).")


def _is_path(given: str) -> bool:
    """Whether a model of texts is to open it: a table by its name, or what exists and is written with a separator."""
    exists = _exists(given)
    if is_table(given):
        return exists or " " not in given.strip()
    return exists and any(mark in given for mark in (os.sep, os.altsep) if mark)


def _exists(given: str) -> bool:
    try:
        return Path(given).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # too long for a name, or with a zero byte: it is a text
        return False


def _tell_folder(given: str) -> None:
    if _exists(given) and Path(given).expanduser().is_dir():
        print(f"{given!r} is read as a text; {given + os.sep!r} takes the folder of that name.", file=sys.stderr)


def _literal(name: str, text: str) -> Offered:
    limit = Limits().max_text_chars
    if len(text) > limit:
        return Offered(name=name[:SHOWN], sample=None, problem=f"A text has more than {limit:,} characters; cut it.")
    return Offered(name=name, sample=text)


def _stdin(modality: Modality) -> Iterator[Offered]:
    if modality == "image":
        yield from _stdin_image(Limits().max_file_bytes)
        return
    for number, line in enumerate(sys.stdin, start=1):
        if line.strip():
            yield _literal(f"-:{number}", line.strip())


def _stdin_image(limit: int) -> Iterator[Offered]:
    from tlcore.data import decode_image

    data = sys.stdin.buffer.read(limit + 1)
    if not data:
        return
    if len(data) > limit:
        yield Offered(name="-", sample=None, problem=f"Standard input has more than {limit:,} bytes.")
        return
    try:
        yield Offered(name="-", sample=decode_image(BytesIO(data)))
    except DataError as error:
        yield Offered(name="-", sample=None, problem=str(error))
