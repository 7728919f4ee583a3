"""Values as people read them, and foreign text made harmless.

Names of classes and files, texts and error messages come from users. They reach markdown only through `plain`, and a
chart only through `label`.
"""

import re
import time
import unicodedata

from tlcore.quantities import confidence, confidence_percent, duration, percent

__all__ = [
    "STATUS",
    "SUREST",
    "ago",
    "clock",
    "confidence",
    "confidence_percent",
    "duration",
    "label",
    "percent",
    "plain",
    "short",
    "size",
    "visible",
]

SUREST = "99.9 % stands for all that lies above it too: no answer is certain."

STATUS = {
    "queued": (":material/hourglass_empty:", "gray"),
    "running": (":material/play_circle:", "blue"),
    "pausing": (":material/pause_circle:", "gray"),
    "paused": (":material/pause_circle:", "gray"),
    "stopping": (":material/stop_circle:", "gray"),
    "finished": (":material/check_circle:", "green"),
    "stopped": (":material/stop_circle:", "gray"),
    "failed": (":material/error:", "red"),
    "interrupted": (":material/warning:", "red"),
}
"""Icon and badge colour of each state of a run. Red is for what needs a person."""

_TRIAL = re.compile(r" · trial \d+$")
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&^=\"'])")
_JOINER = "\u2060"  # zero-width: breaks `:icon:`, `http:` and `name@host`, which outlive backslashes


def plain(text: object) -> str:
    """Text that markdown shows as it is: no formatting, link, icon, colour, formula, image or HTML comes of it."""
    shown = re.sub(r"www(?=\.)", f"www{_JOINER}", re.sub(r"([:@])(?=\S)", rf"\1{_JOINER}", visible(text)))
    return _PUNCTUATION.sub(r"\\\1", shown)


def label(text: object, limit: int = 28) -> str:
    """Text for a Plotly label, which reads a little HTML, cut to `limit` characters."""
    return short(text, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def short(text: object, limit: int = 44) -> str:
    """Cut to `limit` characters, with an ellipsis before what tells one trial of a sweep from the next."""
    shown = visible(text)
    if len(shown) <= limit:
        return shown
    trial = _TRIAL.search(shown)
    last = trial.group() if trial and len(trial.group()) < limit else ""
    return shown[: limit - 1 - len(last)] + "…" + last


def visible(text: object) -> str:
    """On one line, without control characters or marks that reverse the direction of reading."""
    line = " ".join(str(text).split())
    if line.isprintable():  # as nearly all are, and thousands of names are on one page
        return line
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in line)


def size(n_bytes: int) -> str:
    """Bytes in binary units."""
    amount, unit = float(n_bytes), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024 or unit == "TiB":
            break
        amount /= 1024
    return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"


def ago(then: float, now: float | None = None) -> str:
    """How long before `now` something was, for lists."""
    gone = max(0.0, (time.time() if now is None else now) - then)
    if gone < 60:
        return "just now"
    for seconds, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if gone >= seconds:
            n = int(gone // seconds)
            return f"{n} {unit}{'s' if n > 1 else ''} ago"
    return "just now"


def clock(then: float) -> str:
    """The time of day on the server, to the second."""
    return time.strftime("%H:%M:%S", time.localtime(then))
