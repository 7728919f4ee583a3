"""Where a network's classifier sits, and how it is taken out."""

from __future__ import annotations

from torch import nn

from tlcore.errors import RecipeError

__all__ = ["classifier", "take_out"]

HEADS = ("fc", "classifier", "head", "heads")
"""As torchvision, timm and transformers name it."""
AUXILIARY = ("aux1", "aux2", "AuxLogits")
"""Second classifiers for training only, in GoogLeNet and Inception."""


def classifier(network: nn.Module) -> str:
    """Dotted name of the last layer, which turns features into classes: a Linear, or SqueezeNet's convolution.

    Raises:
        RecipeError: the network has none where networks have it.
    """
    for head in (*_declared(network), *HEADS):
        try:
            found = network.get_submodule(head)
        except AttributeError:
            continue
        layers = [name for name, layer in found.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
        if layers:
            return ".".join(filter(None, [head, layers[-1]]))
    raise RecipeError(
        f"{type(network).__name__} has no classifier called {', '.join(HEADS)}, so its features cannot be reached. "
        "Choose another backbone."
    )


def take_out(network: nn.Module) -> int:
    """Replace the classifier, and the dropout right before it, by nothing; returns D, the width of what it read.

    From then on the network says pooled features (B, D). What stands before the classifier in the same block stays:
    VGG's two wide layers, MobileNet-V3's hidden one, SqueezeNet's pooling after it.

    Raises:
        RecipeError: the network has no classifier.
    """
    name = classifier(network)
    last = network.get_submodule(name)
    width = last.in_features if isinstance(last, nn.Linear) else last.in_channels
    parent = network.get_submodule(name.rpartition(".")[0])
    before: tuple[str, nn.Module] | None = None
    for child, module in list(parent.named_children()):
        if module is last:
            setattr(parent, child, nn.Identity())
            if before and isinstance(before[1], nn.Dropout):
                setattr(parent, before[0], nn.Identity())
        before = child, module
    for auxiliary in AUXILIARY:
        if getattr(network, auxiliary, None) is not None:
            setattr(network, auxiliary, None)
            network.aux_logits = False  # type: ignore[assignment]
    return int(width)  # type: ignore[arg-type]


def _declared(network: nn.Module) -> tuple[str, ...]:
    """What a timm network's configuration says."""
    config = getattr(network, "pretrained_cfg", None) or {}
    said = config.get("classifier") if hasattr(config, "get") else None
    return (said,) if isinstance(said, str) else tuple(said or ())
