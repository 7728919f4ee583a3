"""Numbers as people read them, on a page, in a report and in a shell alike."""

__all__ = ["duration", "percent"]


def percent(share: float | None) -> str:
    """A share in [0, 1] with one decimal; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.1f} %"


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
