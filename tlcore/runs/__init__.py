"""Runs: the store, the launcher and the worker process."""

from tlcore.runs.liveness import run_folder
from tlcore.runs.records import LIVE, STATES, Note, Point, Run
from tlcore.runs.studio import Studio

__all__ = ["LIVE", "STATES", "Note", "Point", "Run", "Studio", "run_folder"]
