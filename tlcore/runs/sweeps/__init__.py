"""Sweeps: many recipes on one dataset within a budget, each trial an ordinary run of the queue."""

from tlcore.runs.sweeps.axis import Axis
from tlcore.runs.sweeps.begin import begin, cancel, delete, resume, sweeps
from tlcore.runs.sweeps.estimate import Estimate, estimate
from tlcore.runs.sweeps.ledger import Ledger
from tlcore.runs.sweeps.plan import METHODS, Plan, grid, recipe_of
from tlcore.runs.sweeps.records import Sweep, Trial
from tlcore.runs.sweeps.standing import Row, Standing, at_work, standing, tie

__all__ = [
    "METHODS",
    "Axis",
    "Estimate",
    "Ledger",
    "Plan",
    "Row",
    "Standing",
    "Sweep",
    "Trial",
    "at_work",
    "begin",
    "cancel",
    "delete",
    "estimate",
    "grid",
    "recipe_of",
    "resume",
    "standing",
    "sweeps",
    "tie",
]
