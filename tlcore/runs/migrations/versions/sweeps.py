"""Sweeps: what is searched, the trials of each, and which run is which trial."""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, Boolean, Column, Float, Integer, String, Text, inspect
from sqlalchemy.schema import SchemaItem

__all__: list[str] = []

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add columns and tables. SQLite commits each change by itself, so an upgrade cut short finds some of them."""
    there = inspect(op.get_bind())
    known = {column["name"] for column in there.get_columns("runs")}
    for column in (Column("sweep", String(32)), Column("trial", Integer)):
        if column.name not in known:
            op.add_column("runs", column)
    for name, items in _tables().items():
        if not there.has_table(name):
            op.create_table(name, *items)
    there.clear_cache()
    for name, table, columns, unique in (
        ("trials_of_sweep", "runs", ["sweep", "trial"], True),
        ("ix_sweeps_state", "sweeps", ["state"], False),
    ):
        if name not in {index["name"] for index in there.get_indexes(table)}:
            op.create_index(name, table, columns, unique=unique)


def _tables() -> dict[str, list[SchemaItem]]:
    return {
        "sweeps": [
            Column("id", String(32), primary_key=True),
            *(Column(name, Text, nullable=False) for name in ("name", "user")),
            Column("state", String(16), nullable=False),
            *(Column(name, Text, nullable=False) for name in ("reason", "activity")),
            Column("dataset", String(64), nullable=False),
            Column("dataset_name", Text, nullable=False),
            Column("modality", String(16), nullable=False),
            Column("plan", JSON, nullable=False),
            Column("estimate", Float),
            Column("created", Float, nullable=False),
            Column("finished", Float),
            Column("worked", Float, nullable=False),
            Column("winner", String(32)),
            Column("place", Text, nullable=False),
        ],
        "trials": [
            Column("sweep", String(32), primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("values", JSON, nullable=False),
            Column("launched", Boolean, nullable=False),
            Column("problem", Text, nullable=False),
        ],
    }
