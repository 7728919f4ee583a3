"""The parts of a folder's README: one for each form, read back before the next export writes the file anew."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

__all__ = ["Section", "lasting", "sections"]

PART = re.compile(
    r"^### (?P<title>[^\n]+)\n<!-- (?P<about>\{[^\n]*\}) -->\n\n(?P<body>.*?)(?=^### [^\n]+\n<!-- \{|^<!-- |\Z)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What is said of one form."""

    title: str
    of: str
    """Which run, epoch and temperature it was made of."""
    files: tuple[str, ...]
    """As they lie in the folder."""
    body: str
    """Markdown."""

    def markdown(self, of: str) -> str:
        """As it stands in the README of a model, with a word where it is another model's."""
        about = json.dumps({"of": self.of, "files": self.files})
        other = "" if self.of == of else f"Of {self.of}, not of the model above.\n\n"
        return f"### {self.title}\n<!-- {about} -->\n\n{other}{self.body.strip()}\n"


def sections(readme: str) -> tuple[Section, ...]:
    """Those that `Section.markdown` wrote into a README; what it does not understand is left out."""
    found = [_read(part) for part in PART.finditer(readme)]
    return tuple(one for one in found if one is not None)


def _read(part: re.Match[str]) -> Section | None:
    try:
        about: Any = json.loads(part["about"])
        of, files = str(about["of"]), tuple(map(str, about["files"]))
    except (ValueError, KeyError, TypeError):
        return None
    body = part["body"].removeprefix(f"Of {of}, not of the model above.\n\n")
    return Section(title=part["title"], of=of, files=files, body=body)


def lasting(
    before: Collection[Section], new: Collection[Section], written: Collection[str], there: Collection[str]
) -> tuple[Section, ...]:
    """Of the sections before, those that are still true beside new ones.

    Args:
        written: Files that the new export writes: of another model's form they leave a mixture, which is no form.
        there: Files of before that are in the folder still.
    """
    again, of = {one.title for one in new}, {one.of for one in new}
    return tuple(
        one
        for one in before
        if one.title not in again
        and set(one.files) <= set(there)
        and (one.of in of or not set(one.files) & set(written))
    )
