"""A file for each change of the schema; alembic reads them in the order of their revisions."""

__all__: list[str] = []
