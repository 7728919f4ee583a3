"""The tables that releases without numbered schemas came to.

A store of any of those releases may lack tables, or columns that were added in between, all of which may be empty.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, Column, Float, Integer, String, Text, inspect
from sqlalchemy.schema import SchemaItem

__all__: list[str] = []

revision = "0001"
down_revision = None
INDEXES = (
    ("ix_runs_status", "runs", ("status",)),
    ("ix_runs_created", "runs", ("created",)),
    ("points_of_run", "points", ("run", "id")),
    ("ix_notes_run", "notes", ("run",)),
    ("ix_commands_run", "commands", ("run",)),
)


def upgrade() -> None:
    """Make what is missing."""
    there = inspect(op.get_bind())
    for table, items in _tables().items():
        if not there.has_table(table):
            op.create_table(table, *items)
            continue
        known = {column["name"] for column in there.get_columns(table)}
        for column in (item for item in items if isinstance(item, Column)):
            if column.name not in known:
                op.add_column(table, Column(column.name, column.type))
    there.clear_cache()
    for name, table, columns in INDEXES:
        if name not in {index["name"] for index in there.get_indexes(table)}:
            op.create_index(name, table, list(columns))


def _tables() -> dict[str, list[SchemaItem]]:
    return {
        "runs": [
            Column("id", String(32), primary_key=True),
            *(_text(name) for name in ("name", "user")),
            Column("status", String(16), nullable=False),
            _text("reason"),
            Column("dataset", String(64), nullable=False),
            _text("dataset_name"),
            Column("modality", String(16), nullable=False),
            *(_text(name) for name in ("backbone", "strategy")),
            Column("recipe", JSON, nullable=False),
            Column("created", Float, nullable=False),
            *(Column(name, Float) for name in ("started", "finished")),
            Column("pid", Integer),
            *(_text(name) for name in ("host", "activity")),
            *(Column(name, Integer, nullable=False) for name in ("epoch", "epochs", "step", "steps")),
            Column("eta", Float),
            Column("best_epoch", Integer),
            *(Column(name, Float) for name in ("val_accuracy", "test_accuracy", "test_macro_f1")),
            Column("report", JSON),
        ],
        "points": [
            *_of_run(),
            Column("scope", String(8), nullable=False),
            *(Column(name, Integer, nullable=False) for name in ("step", "epoch")),
            Column("time", Float, nullable=False),
            Column("values", JSON, nullable=False),
        ],
        "notes": [
            *_of_run(),
            Column("time", Float, nullable=False),
            Column("level", String(8), nullable=False),
            _text("text"),
            Column("step", Integer),
        ],
        "commands": [
            *_of_run(),
            Column("command", String(16), nullable=False),
            Column("time", Float, nullable=False),
        ],
    }


def _text(name: str) -> SchemaItem:
    return Column(name, Text, nullable=False)


def _of_run() -> list[SchemaItem]:
    return [Column("id", Integer, primary_key=True, autoincrement=True), Column("run", String(32), nullable=False)]
