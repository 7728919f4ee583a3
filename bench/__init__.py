"""Measured claims, each runnable: `make bench`, or `python -m bench frozen text`."""
