"""Recipe, schedules, events and the loop."""

from tlcore.training.recipe import Recipe
from tlcore.training.schedules import SCHEDULES, Schedule

__all__ = ["SCHEDULES", "Recipe", "Schedule"]
