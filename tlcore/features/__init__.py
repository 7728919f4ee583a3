"""Embed once: what a frozen backbone says of a sample is computed one time and kept."""

__all__: list[str] = []
