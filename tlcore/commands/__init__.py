"""The commands of `python -m tlcore`, a file for each room that they speak for."""

__all__: list[str] = []
