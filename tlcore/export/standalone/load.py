"""The adapter on its base: `load(base)`, where `base` is the pretrained network named in `adapter_config.json`.

load(transformers.BertModel.from_pretrained(NAME))  or  load(timm.create_model(NAME, pretrained=True, num_classes=0))
"""

from __future__ import annotations

import json
from pathlib import Path

from peft import PeftModel
from safetensors.torch import load_file
from torch import nn

try:
    from network import Classifier, Encoder, head  # type: ignore[import-not-found]
except ImportError:
    from tlcore.export.standalone.network import Classifier, Encoder, head

__all__ = ["load"]


def load(base: nn.Module, folder: Path | str = Path(__file__).parent) -> nn.Module:
    """The classifier in eval mode; `base` gets the adapter, and says features without a classifier of its own."""
    folder = Path(folder)
    about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    how = about["network"]
    adapted: nn.Module = PeftModel.from_pretrained(base, str(folder))
    features = Encoder(adapted, how["pooling"]) if about["modality"] == "text" else adapted
    made: nn.Module = Classifier(features, head(how, len(about["classes"])))
    made.get_submodule("head").load_state_dict(load_file(folder / "head.safetensors"))
    return made.eval()
