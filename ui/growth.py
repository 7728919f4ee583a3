"""What a browser that holds the charts of one moment lacks of those of the next: the ends of lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["growth"]

Charts = Mapping[str, Mapping[str, Any]]


def growth(before: Charts, after: Charts) -> dict[str, dict[str, Any]]:
    """The charts of `after`; a line's points only from where they differ from those of `before`.

    `same` is how many points of a line, at least, both begin with; they are left out.
    """
    return {key: {**chart, "traces": _traces(before.get(key, {}), chart)} for key, chart in after.items()}


def _traces(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    held = {trace["key"]: trace for trace in before.get("traces", ())}
    return [_rest(held.get(trace["key"]), trace) for trace in after["traces"]]


def _rest(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> dict[str, Any]:
    same = 0 if before is None else min(_shared(before["x"], after["x"]), _shared(before["y"], after["y"]))
    return {**after, "same": same, "x": after["x"][same:], "y": after["y"][same:]}


def _shared(before: Sequence[Any], after: Sequence[Any]) -> int:
    """A number of values that both begin with: looked for from the end, where a line grows, in ever longer strides."""
    n, stride = min(len(before), len(after)), 1
    while n > 0 and before[:n] != after[:n]:
        n, stride = n - stride, 2 * stride
    return max(0, n)
