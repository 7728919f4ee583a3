"""A run's model as the service that the archive holds too."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray

from tlcore.data import decode_image
from tlcore.device import torch_device
from tlcore.features.feeds import move
from tlcore.features.inputs import batch
from tlcore.precision import autocast, chosen
from tlcore.runs.takeaway import subject

if TYPE_CHECKING:
    from tlcore.export.subject import Subject

__all__ = ["Served", "served"]


class Served:
    """What the service asks of a model; loaded once, and shared by its threads."""

    def __init__(self, given: Subject, device: torch.device) -> None:
        self.name, self.modality = given.name, str(given.dataset.modality)
        self.classes: Sequence[str] = given.classes
        self.temperature = given.temperature
        self._inputs, self._device = given.inputs, device
        model = given.merged().to(device).eval()
        self._forward = autocast(model, device, chosen(given.recipe.precision, device))

    def read(self, data: bytes) -> Any:
        """As training decodes images."""
        return decode_image(BytesIO(data))

    def logits(self, samples: Sequence[Any]) -> NDArray[Any]:
        """(N, classes), as the evaluation of the run computes them."""
        with torch.inference_mode():
            scores = self._forward(move(batch(self._inputs, samples), self._device))
            return scores.float().cpu().numpy()


def served(home: Path, run_id: str) -> Served:
    """The model of a run, on the device that its recipe names.

    Raises:
        RunError: there is no such run, or it has kept no model.
    """
    given = subject(home, run_id)
    return Served(given, torch_device(given.recipe.device))
