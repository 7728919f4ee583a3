"""Runs: the store, the launcher and the worker process."""

from tlcore.runs.liveness import run_folder
from tlcore.runs.queue import Waiting
from tlcore.runs.records import BUSY, LIVE, REST, RESUMABLE, STATES, Note, Point, Run
from tlcore.runs.settings import Settings
from tlcore.runs.studio import Studio

__all__ = [
    "BUSY",
    "LIVE",
    "REST",
    "RESUMABLE",
    "STATES",
    "Note",
    "Point",
    "Run",
    "Settings",
    "Studio",
    "Waiting",
    "run_folder",
]
