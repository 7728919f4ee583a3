"""Pictures side by side that change often: the old ones stay until the new ones are there."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

__all__ = ["Tile", "tiles"]

CSS = """
.tiles { display: grid; gap: 0.5rem; transition: opacity 0.2s;
         grid-template-columns: repeat(auto-fill, minmax(var(--least, 6rem), 1fr)); }
.tiles.waits { opacity: 0.45; }
.tiles figure { margin: 0; min-width: 0; max-width: var(--most, none); }
.tiles figure > div { width: 100%; aspect-ratio: 1; border-radius: 0.35rem; border: 1px solid var(--st-border-color); }
.tiles figcaption { font-size: 0.8rem; line-height: 1.25; color: var(--st-gray-text-color); overflow-wrap: anywhere;
                    padding-top: 0.15rem; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One square of a sheet."""

    place: int
    """In the sheet, row after row, from 0."""
    caption: str
    """Shown as it is, without markdown."""
    alt: str
    """What a screen reader says."""


def tiles(
    sheet: Path,
    shown: Sequence[Tile],
    *,
    key: str,
    columns: int,
    total: int,
    side: int,
    least: str = "6rem",
    most: str = "none",
    waits: bool = False,
) -> None:
    """Draw squares of a PNG with `total` tiles in rows of `columns`.

    Args:
        side: Of a tile in the sheet, in pixels.
        least: Narrowest width of a square on the page, in CSS; as many stand side by side as fit.
        most: Widest.
        waits: Other pictures are on their way: these are shown paler.
    """
    data: dict[str, Any] = {
        "name": f"{sheet.parent.name}/{sheet.name}",
        "src": f"data:image/png;base64,{b64encode(sheet.read_bytes()).decode()}",
        "tiles": [asdict(tile) for tile in shown],
        "columns": columns,
        "total": total,
        "side": side,
        "least": least,
        "most": most,
        "waits": waits,
    }
    _component()(key=key, data=data)


@cache
def _component() -> Any:
    return st.components.v2.component(
        "tlstudio_tiles",
        html='<div class="tiles"></div>\n',
        css=CSS,
        js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
        isolate_styles=False,
    )
