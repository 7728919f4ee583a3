"""The kinds of short work that a page may ask for: what does each, where it queues, and how long it stays."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["KEPT", "KINDS", "LANES", "LINGER"]

KINDS: Mapping[str, str] = {
    "advice": "tlcore.runs.measurements:advice",
    "checks": "tlcore.runs.checking:checks",
    "cost": "tlcore.runs.measurements:cost",
    "download": "tlcore.runs.weights:fetch",
    "elsewhere": "tlcore.runs.scored:elsewhere",
    "explain": "tlcore.runs.explained:explained",
    "export": "tlcore.runs.exploration:exported",
    "hub": "tlcore.runs.arrivals:hub",
    "inspection": "tlcore.runs.models:inspection",
    "map": "tlcore.runs.exploration:plane",
    "named": "tlcore.runs.weights:named",
    "predictions": "tlcore.runs.scored:predictions",
    "preview": "tlcore.runs.preview:pictures",
    "public": "tlcore.runs.arrivals:public",
    "range": "tlcore.runs.measurements:rate_range",
    "rank": "tlcore.runs.rating:rank",
    "shapes": "tlcore.runs.measurements:shapes",
    "speed": "tlcore.runs.models:speed",
    "suspects": "tlcore.runs.exploration:doubts",
    "takeaway": "tlcore.runs.takeaway:prepared",
    "tokens": "tlcore.runs.preview:tokens",
    "try": "tlcore.runs.trying:tried",
    "upload": "tlcore.runs.models:upload",
}
"""What does which: `module:function` of (home, what was asked, tell) -> plain values."""
LANES: Mapping[str, str] = {
    "checks": "checks",
    "download": "network",
    "explain": "explain",
    "export": "disk",
    "hub": "network",
    "inspection": "quick",
    "named": "names",
    "preview": "preview",
    "public": "network",
    "rank": "rank",
    "shapes": "quick",
    "takeaway": "takeaway",
    "tokens": "preview",
    "try": "try",
    "upload": "disk",
}
"""Where a kind queues; those that are not named here measure, and queue together."""
KEPT: Mapping[str, int] = {"explain": 200, "preview": 24, "tokens": 24, "try": 100}
"""How many answers are kept of the kinds that are asked anew with every move of a slider; the oldest go."""
LINGER: Mapping[str, float] = {"explain": 60.0, "preview": 20.0, "try": 180.0}
"""Seconds for which the process of a lane waits for the next question: a slider that moves asks many, and none should
wait for a new process; nor should the next input wait for a model that was loaded for the last."""
