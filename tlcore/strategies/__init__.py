"""One file a strategy: which patterns train in which phase, at which rate."""

from tlcore.strategies.feature_extraction import FeatureExtraction
from tlcore.strategies.strategy import (
    Optimizer,
    Phase,
    Strategy,
    Transferable,
    matching,
    options,
    strategies,
    strategy,
)

__all__ = [
    "FeatureExtraction",
    "Optimizer",
    "Phase",
    "Strategy",
    "Transferable",
    "matching",
    "options",
    "strategies",
    "strategy",
]
