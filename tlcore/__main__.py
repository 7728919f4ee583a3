"""Every page's work without a browser: `python -m tlcore --help`."""

from __future__ import annotations

import sys

from tlcore.commands import zoo as zoo  # isort: split

from tlcore.commands import data as data
from tlcore.commands import runs as runs  # isort: split

from tlcore.commands import sweeps as sweeps  # isort: split

from tlcore.commands import export as export  # isort: split

from tlcore.commands import compare as compare
from tlcore.commands import evaluate as evaluate
from tlcore.commands import explain as explain
from tlcore.commands import lora as lora
from tlcore.commands import predict as predict
from tlcore.commands import rank as rank
from tlcore.commands.application import app
from tlcore.errors import TlcoreError

__all__ = ["app", "main"]


def main() -> None:
    """Run a command; a user's mistake is one line on stderr and exit status 2."""
    try:
        app()
    except TlcoreError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
