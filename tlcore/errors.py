"""Everything the engine raises on purpose.

    TlcoreError
    ├── DataError      what the user brought cannot be used
    ├── WeightsError   pretrained weights cannot be had, or do not fit
    ├── RecipeError    settings that contradict each other or are out of range
    ├── ExportError    a model that cannot be taken along as it was asked for
    └── RunError       a run that does not exist, or cannot do what was asked
        ├── DivergedError  a training whose loss is no longer a number
        └── StoreError     the store of runs does not answer now

A message says what happened, the offending value, and what to do. Pages and the command line show it as it is.
"""

__all__ = [
    "DataError",
    "DivergedError",
    "ExportError",
    "RecipeError",
    "RunError",
    "StoreError",
    "TlcoreError",
    "WeightsError",
]


class TlcoreError(Exception):
    """A mistake or a limit that the user can act on."""


class DataError(TlcoreError):
    """What the user brought cannot be used."""


class WeightsError(TlcoreError):
    """Pretrained weights cannot be had, or do not fit the model."""


class RecipeError(TlcoreError):
    """Settings that contradict each other or are out of range."""


class RunError(TlcoreError):
    """A run that does not exist, or that cannot do what was asked."""


class DivergedError(RunError):
    """A training whose loss is no longer a number."""


class ExportError(TlcoreError):
    """A model that cannot be taken along in the form that was asked for."""


class StoreError(RunError):
    """The store of runs is locked, full or away; the same may work in a moment."""
