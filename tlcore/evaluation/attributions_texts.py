"""Which words of a text a score rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from tlcore.errors import TlcoreError
from tlcore.evaluation.attributions import STEPS, Sums, Tell, TokenScore, TokenScores
from tlcore.evaluation.attributions_path import path_sum
from tlcore.features.inputs import TextInputs
from tlcore.features.tokens import tokens

__all__ = ["attribute_text", "attribute_tokens"]

PLACES = 2048
"""Tokens in one batch of the path, which bounds the memory."""


def attribute_text(
    model: nn.Module, inputs: TextInputs, text: str, target: int, tell: Tell = lambda share: None, *, steps: int = STEPS
) -> TokenScores:
    """What each token of a text adds to the logit of class `target`, by integrated gradients over its embedding.

    The baseline is the same text with every token of its own replaced by the padding token; the signs that the
    tokenizer adds stay.

    Raises:
        WeightsError: the tokenizer cannot say which part of a text a token stands for.
        TlcoreError: the network has no embedding of tokens.
    """
    found = tokens(inputs, text)
    read = [token for token in found if token.read]
    device = next(model.parameters()).device
    x = {name: part.to(device) for name, part in inputs.collate([inputs.prepare(text)]).items()}
    kept = torch.tensor([[token.kind == "special" for token in read]], device=device)
    scores, sums = attribute_tokens(model, x, kept, inputs.tokenizer.pad_token_id, target, tell, steps=steps)
    return TokenScores(
        tokens=tuple(
            TokenScore(text=token.text, kind=token.kind, score=score)
            for token, score in zip(read, scores.tolist(), strict=True)
        ),
        sums=sums,
        n_cut=len(found) - len(read),
    )


def attribute_tokens(
    model: nn.Module,
    x: Mapping[str, Tensor],
    kept: Tensor,
    blank: int,
    target: int,
    tell: Tell = lambda share: None,
    *,
    steps: int = STEPS,
) -> tuple[Tensor, Sums]:
    """(T,) of one text's tokens `x`, each (1, T); where `kept` (1, T) the baseline has the token, else `blank`."""
    from captum.attr import LayerIntegratedGradients

    names = [name for name in x if name != "input_ids"]
    whole = _Positional(model, names)
    ids, others = x["input_ids"], tuple(x[name] for name in names)
    baseline = torch.where(kept, ids, torch.full_like(ids, blank))
    at_once = max(1, min(16, PLACES // ids.shape[1]))
    layer = _embedding(model)

    def along(forward: nn.Module, n: int) -> Tensor:
        path = LayerIntegratedGradients(forward, layer)
        found: Any = path.attribute(
            ids,
            baseline,
            target=target,
            additional_forward_args=others,
            n_steps=n,
            internal_batch_size=min(at_once, n),
        )
        return cast(Tensor, found[0] if isinstance(found, tuple) else found)

    found, sums = path_sum(whole, (ids, *others), (baseline, *others), target, along, tell, steps, at_once)
    return found[0].sum(-1).cpu(), sums


class _Positional(nn.Module):
    """The model with its tensors one by one, as captum passes them."""

    def __init__(self, model: nn.Module, names: list[str]) -> None:
        super().__init__()
        self.model, self._names = model, names

    def forward(self, ids: Tensor, *others: Tensor) -> Tensor:
        out: Tensor = self.model({"input_ids": ids, **dict(zip(self._names, others, strict=True))})
        return out


def _embedding(model: nn.Module) -> nn.Module:
    """The table of the tokens."""
    for module in model.get_submodule("backbone").modules():
        given = getattr(module, "get_input_embeddings", None)
        if callable(given):
            found = given()
            if isinstance(found, nn.Module):
                return found
    raise TlcoreError(f"{type(model).__name__} has no embedding of tokens, so a text's words cannot be told apart.")
