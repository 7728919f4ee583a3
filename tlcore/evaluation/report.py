"""The honest score of one model on one split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.nn.functional import cross_entropy

__all__ = ["report"]


def report(scores: Tensor, labels: Tensor, classes: Sequence[str], *, split: str, epoch: int) -> dict[str, Any]:
    """Figures from logits (N, C) and labels (N,), as plain values.

    `accuracy` and `macro_f1` in [0, 1]; `loss` is the mean cross-entropy in nats; `confusion` has the true class in
    rows and the predicted one in columns; `per_class` gives precision, recall, F1 and support (scikit-learn's
    definitions, 0 where a class was never predicted). `epoch` is the one whose weights were scored.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    predicted, every = scores.argmax(1), range(len(classes))
    precision, recall, f1, support = precision_recall_fscore_support(labels, predicted, labels=every, zero_division=0)
    return {
        "split": split,
        "epoch": epoch,
        "n": len(labels),
        "accuracy": float((predicted == labels).float().mean()),
        "macro_f1": float(f1.mean()),
        "loss": float(cross_entropy(scores, labels)),
        "classes": list(classes),
        "confusion": confusion_matrix(labels, predicted, labels=every).tolist(),
        "per_class": [
            {"name": name, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(n)}
            for name, p, r, f, n in zip(classes, precision, recall, f1, support, strict=True)
        ],
    }
