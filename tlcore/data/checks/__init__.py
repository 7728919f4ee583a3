"""Checks of a dataset, as a report with a fix for each finding. Importing it registers them in the report's order."""

from tlcore.data.checks import copies, intake, labels, quality, wording  # noqa: F401  they register themselves
from tlcore.data.checks.check import Check, Evidence, Reads, checks
from tlcore.data.checks.examination import examine, leaks
from tlcore.data.checks.finding import Finding, Fix, Histogram, Report
from tlcore.data.checks.fixes import mend

__all__ = [
    "Check",
    "Evidence",
    "Finding",
    "Fix",
    "Histogram",
    "Reads",
    "Report",
    "checks",
    "examine",
    "leaks",
    "mend",
]
