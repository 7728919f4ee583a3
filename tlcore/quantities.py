"""Numbers as people read them, on a page, in a report and in a shell alike."""

__all__ = ["confidence", "confidence_percent", "duration", "percent"]

SUREST, LEAST = 99.9, 0.1
"""Percent; one decimal says no more of a probability near 1 or 0."""


def percent(share: float | None) -> str:
    """A share in [0, 1] with one decimal; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.1f} %"


def confidence(share: float) -> str:
    """A model's probability as `percent` has it, but never as certain, which no softmax is."""
    if 100 * share >= SUREST + 0.05:
        return f"> {SUREST} %"
    return f"< {LEAST} %" if 100 * share < LEAST / 2 else percent(share)


def confidence_percent(share: float) -> float:
    """A model's probability as a number in percent, for tables that are sorted: at most 99.9."""
    return min(SUREST, 100 * share)


def duration(seconds: float | None) -> str:
    """Seconds as `8 s`, `3 min 5 s` or `2 h 10 min`; a dash where unknown."""
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
