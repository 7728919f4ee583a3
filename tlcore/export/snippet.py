"""How a graph is asked without any code of ours: a few lines of Python that say the logits of one sample."""

from __future__ import annotations

__all__ = ["PACKAGES", "runtime"]

PACKAGES = {"image": "numpy onnxruntime pillow", "text": "numpy onnxruntime tokenizers"}
"""What the lines import, as pip takes it."""
RARE = {
    "image": " (`model.py` of the weights with their loader reads transparent, deep and very long images too.)",
    "text": "",
}
"""What the lines leave out."""
IMAGE = """\
import json, numpy as np, onnxruntime
from PIL import Image, ImageOps
session = onnxruntime.InferenceSession("FILE")
how = json.loads(session.get_modelmeta().custom_metadata_map["image"])
image = ImageOps.exif_transpose(Image.open("photo.jpg")).convert("RGB")
sides = [how["resize"] if how["squash"] else int(how["resize"] * n / min(image.size)) for n in image.size]
image, size = image.resize(sides, Image.Resampling[how["interpolation"].upper()]), how["input_size"]
left, top = [round((n - size) / 2) for n in sides]
pixels = (np.float32(image.crop((left, top, left + size, top + size))) / 255 - how["mean"]) / how["std"]
print(session.run(None, {"pixels": np.float32(pixels.transpose(2, 0, 1)[None])})[0])
"""
TEXT = """\
import json, numpy as np, onnxruntime
from tokenizers import Tokenizer
session = onnxruntime.InferenceSession("FILE")
how = json.loads(session.get_modelmeta().custom_metadata_map["text"])
tokenizer = Tokenizer.from_file("tokenizer/tokenizer.json")
tokenizer.no_padding()
tokenizer.enable_truncation(how["max_tokens"])
read = tokenizer.encode("a text")
x = {"input_ids": read.ids, "attention_mask": read.attention_mask, "token_type_ids": read.type_ids}
print(session.run(None, {one.name: np.int64([x[one.name]]) for one in session.get_inputs()})[0])
"""


def runtime(modality: str, file: str) -> str:
    """Markdown: the lines, to be run in the folder of the file, and what they take."""
    lines = {"image": IMAGE, "text": TEXT}[modality].replace("FILE", file)
    return (
        f"After `pip install {PACKAGES[modality]}`, these lines print the logits of one {modality}, in the order of "
        f"`classes` in the metadata:{RARE[modality]}\n\n```python\n{lines}```"
    )
