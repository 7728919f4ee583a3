"""One registry of backbones, their weights, and the model made of a backbone and a new head."""

from tlcore.zoo import packaged as packaged
from tlcore.zoo import texts as texts
from tlcore.zoo import vision as vision
from tlcore.zoo.backbone import Backbone, stage_patterns, stage_title
from tlcore.zoo.head import Head
from tlcore.zoo.registry import backbone, backbones
from tlcore.zoo.weights import WeightsState, weights_folder, weights_state

__all__ = [
    "Backbone",
    "Head",
    "WeightsState",
    "backbone",
    "backbones",
    "stage_patterns",
    "stage_title",
    "weights_folder",
    "weights_state",
]
