"""Tables that people open in a spreadsheet, where a cell that begins like a formula would be run as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["safe", "safe_cell"]

STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take text for a formula (OWASP, CSV injection)."""


def safe(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy whose texts, column names among them, show as they are: those like a formula get an apostrophe before."""
    made = frame.copy()
    for place in range(frame.shape[1]):
        if frame.dtypes.iloc[place].kind in "OUTS":
            made.isetitem(place, [safe_cell(value) for value in frame.iloc[:, place]])
    made.columns = [safe_cell(name) for name in frame.columns]
    return made


def safe_cell(value: object) -> object:
    """One cell; what is no text stays as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(STARTS) else value
