"""What all commands hang on."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["AsJson", "app"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Every page's work without a browser.",
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, the last one the result.")]
