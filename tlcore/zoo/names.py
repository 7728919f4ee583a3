"""Names: of backbones as file names, of licences as SPDX spells them."""

from __future__ import annotations

import re

from tlcore.errors import RecipeError

__all__ = ["LICENCES", "check_name", "folder_name"]

NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?")
"""An architecture, or `owner/name` as at Hugging Face."""

LICENCES = {"apache-2.0": "Apache-2.0", "mit": "MIT", "cc-by-nc-4.0": "CC-BY-NC-4.0", "bsd-3-clause": "BSD-3-Clause"}
"""By the names of timm and of Hugging Face."""


def check_name(name: str) -> str:
    """The name itself, if it can be one.

    Raises:
        RecipeError: it is a path, or has characters that no hub allows.
    """
    if not NAME.fullmatch(name):
        raise RecipeError(
            f"{name[:100]!r} cannot be the name of a backbone. It is an architecture of timm, such as convnext_small, "
            "or an id at Hugging Face, such as owner/name."
        )
    return name


def folder_name(name: str) -> str:
    """A name that no folder but its own can have: the slash of an id becomes two hyphens.

    Raises:
        RecipeError: it cannot be the name of a backbone.
    """
    return check_name(name).replace("/", "--")
