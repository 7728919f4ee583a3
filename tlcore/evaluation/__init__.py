"""Scores of a trained model on a split it never saw."""

__all__: list[str] = []
