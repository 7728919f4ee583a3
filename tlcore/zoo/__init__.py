"""One registry of backbones, their weights, and the model made of a backbone and a new head."""

from tlcore.zoo import packaged as packaged
from tlcore.zoo import texts as texts
from tlcore.zoo import vision as vision
from tlcore.zoo.backbone import Backbone, stage_patterns, stage_title
from tlcore.zoo.head import Head
from tlcore.zoo.naming import resolve
from tlcore.zoo.registry import backbone, backbones, learn
from tlcore.zoo.weights import (
    WeightsState,
    how_to_get,
    tokenizer_folder,
    weights_folder,
    weights_key,
    weights_state,
)

__all__ = [
    "Backbone",
    "Head",
    "WeightsState",
    "backbone",
    "backbones",
    "how_to_get",
    "learn",
    "resolve",
    "stage_patterns",
    "stage_title",
    "tokenizer_folder",
    "weights_folder",
    "weights_key",
    "weights_state",
]
