"""The tables of the store as this release has them. A change here is a new file in `migrations/versions`."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text, false, text

__all__ = ["COMMANDS", "HEAD", "META", "NOTES", "POINTS", "RUNS", "SWEEPS", "TRIALS"]

HEAD = "0003"
"""The migration that leads to these tables."""
META = MetaData()
RUNS = Table(
    "runs",
    META,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("reason", Text, nullable=False, default=""),
    Column("dataset", String(64), nullable=False),
    Column("dataset_name", Text, nullable=False),
    Column("modality", String(16), nullable=False),
    Column("backbone", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("recipe", JSON, nullable=False),
    Column("created", Float, nullable=False, index=True),
    Column("started", Float),
    Column("finished", Float),
    Column("pid", Integer),
    Column("host", Text, nullable=False, default=""),
    Column("activity", Text, nullable=False, default=""),
    Column("epoch", Integer, nullable=False, default=0),
    Column("epochs", Integer, nullable=False),
    Column("step", Integer, nullable=False, default=0),
    Column("steps", Integer, nullable=False, default=0),
    Column("eta", Float),
    Column("best_epoch", Integer),
    Column("val_accuracy", Float),
    Column("test_accuracy", Float),
    Column("test_macro_f1", Float),
    Column("report", JSON),
    Column("starred", Boolean, nullable=False, server_default=false()),
    Column("tags", JSON, nullable=False, server_default=text("'[]'")),
    Column("remark", Text, nullable=False, server_default=""),
    Column("place", Float, nullable=False, server_default="0"),
    Column("worked", Float, nullable=False, server_default="0"),
    Column("beat", Integer, nullable=False, server_default="0"),
    Column("claim", Integer, nullable=False, server_default="0"),
    Column("slot", Integer),
    Column("boot", Text, nullable=False, server_default=""),
    Column("sweep", String(32)),
    Column("trial", Integer),
    Index("trials_of_sweep", "sweep", "trial", unique=True),
)
POINTS = Table(
    "points",
    META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run", String(32), nullable=False),
    Column("scope", String(8), nullable=False),
    Column("step", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("time", Float, nullable=False),
    Column("values", JSON, nullable=False),
    Index("points_of_run", "run", "id"),
)
NOTES = Table(
    "notes",
    META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run", String(32), nullable=False, index=True),
    Column("time", Float, nullable=False),
    Column("level", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("step", Integer),
)
COMMANDS = Table(
    "commands",
    META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run", String(32), nullable=False, index=True),
    Column("command", String(16), nullable=False),
    Column("time", Float, nullable=False),
)
SWEEPS = Table(
    "sweeps",
    META,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("reason", Text, nullable=False, default=""),
    Column("activity", Text, nullable=False, default=""),
    Column("dataset", String(64), nullable=False),
    Column("dataset_name", Text, nullable=False),
    Column("modality", String(16), nullable=False),
    Column("plan", JSON, nullable=False),
    Column("estimate", Float),
    Column("created", Float, nullable=False),
    Column("finished", Float),
    Column("worked", Float, nullable=False, default=0.0),
    Column("winner", String(32)),
    Column("place", Text, nullable=False, default=""),
)
TRIALS = Table(
    "trials",
    META,
    Column("sweep", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("values", JSON, nullable=False),
    Column("launched", Boolean, nullable=False, default=False),
    Column("problem", Text, nullable=False, default=""),
)
