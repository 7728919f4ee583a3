"""What several people on one server need: a place in the queue, tags and remarks, and signs of life across hosts."""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, Boolean, Column, Float, Integer, Text, false, inspect, text

__all__: list[str] = []

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; runs that are there keep the order in which they came.

    SQLite commits each change by itself, so an upgrade that was cut short finds some of them.
    """
    there = {column["name"] for column in inspect(op.get_bind()).get_columns("runs")}
    for column in (
        Column("starred", Boolean, nullable=False, server_default=false()),
        Column("tags", JSON, nullable=False, server_default=text("'[]'")),
        Column("remark", Text, nullable=False, server_default=""),
        Column("place", Float, nullable=False, server_default="0"),
        Column("worked", Float, nullable=False, server_default="0"),
        Column("beat", Integer, nullable=False, server_default="0"),
        Column("claim", Integer, nullable=False, server_default="0"),
        Column("slot", Integer),
        Column("boot", Text, nullable=False, server_default=""),
    ):
        if column.name not in there:
            op.add_column("runs", column)
    op.execute(text("UPDATE runs SET place = created WHERE place = 0"))
