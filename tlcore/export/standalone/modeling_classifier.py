"""A transformers model: any encoder, its tokens pooled, and a head of linear layers. Read with `trust_remote_code`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

__all__ = ["ClassifierConfig", "PooledClassifier"]


class ClassifierConfig(PretrainedConfig):
    """`encoder` is a config of its own; `pooling` is mean, first or last; `hidden` and `dropout` are the head's."""

    model_type = "pooled-classifier"

    def __init__(
        self,
        encoder: dict[str, Any] | None = None,
        pooling: str = "mean",
        hidden: tuple[int, ...] = (),
        dropout: tuple[float, ...] = (0.0,),
        settings: dict[str, Any] | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(**rest)
        self.encoder, self.pooling, self.settings = encoder or {"model_type": "bert"}, pooling, settings or {}
        self.hidden, self.dropout = list(hidden), list(dropout)


class PooledClassifier(PreTrainedModel):
    """Tokens (N, T) -> logits (N, num_labels), with a loss where labels (N,) are given."""

    config_class = ClassifierConfig

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__(config)
        given = dict(config.encoder)
        inner = AutoConfig.for_model(given.pop("model_type"), **given)
        self.encoder = AutoModel.from_config(inner, **config.settings)
        layers: list[nn.Module] = []
        widths = [inner.hidden_size, *config.hidden, config.num_labels]
        for i, rate in enumerate(config.dropout):
            layers += [nn.Dropout(rate), nn.Linear(widths[i], widths[i + 1]), nn.ReLU()]
        self.head = nn.Sequential(*layers[:-1])
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        **rest: Any,
    ) -> SequenceClassifierOutput:
        """As `AutoModelForSequenceClassification` does it."""
        assert input_ids is not None
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        known = {name: value for name, value in rest.items() if name == "token_type_ids"}
        states = self.encoder(input_ids=input_ids, attention_mask=mask, **known).last_hidden_state
        logits = self.head(self._pooled(states, mask))
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)

    def _pooled(self, states: Tensor, mask: Tensor) -> Tensor:
        if self.config.pooling == "first":
            return states[:, 0]
        if self.config.pooling == "last":
            last = (mask * torch.arange(1, mask.shape[1] + 1, device=mask.device)).argmax(1)
            return states[torch.arange(len(last), device=mask.device), last]
        weights = mask.unsqueeze(-1).to(states.dtype)
        return (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
