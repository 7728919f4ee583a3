"""One file a strategy: which patterns train in which phase, at which rate."""

from tlcore.strategies.feature_extraction import FeatureExtraction
from tlcore.strategies.fine_tune import FineTune
from tlcore.strategies.fine_tune_from_middle import FineTuneFromMiddle
from tlcore.strategies.from_scratch import FromScratch
from tlcore.strategies.gradual_unfreezing import GradualUnfreezing
from tlcore.strategies.lora import Lora
from tlcore.strategies.progressive import Progressive
from tlcore.strategies.strategy import (
    Optimizer,
    Phase,
    Preparing,
    Strategy,
    Transferable,
    Usual,
    matching,
    options,
    strategies,
    strategy,
    usual,
)

__all__ = [
    "FeatureExtraction",
    "FineTune",
    "FineTuneFromMiddle",
    "FromScratch",
    "GradualUnfreezing",
    "Lora",
    "Optimizer",
    "Phase",
    "Preparing",
    "Progressive",
    "Strategy",
    "Transferable",
    "Usual",
    "matching",
    "options",
    "strategies",
    "strategy",
    "usual",
]
