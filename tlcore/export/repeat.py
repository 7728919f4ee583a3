"""The run as one short script of plain PyTorch: the parts that are alike in all of them, and how they are put together.

What differs between runs stands at the top of the script as plain values; what a run has no use for is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pprint import pformat

__all__ = [
    "DEEP",
    "IMAGES",
    "LORA",
    "MIDDLE",
    "PADDING",
    "POOLED",
    "TEXTS",
    "WIDTH",
    "constants",
]

WIDTH = 118

IMAGES = '''
samples = {split: [(path, i) for i, name in enumerate(FOLDERS) for path in sorted((DATA / split / name).glob("*"))]
           for split in ("train", "val", "test")}
labels = {split: torch.tensor([label for _, label in rows]) for split, rows in samples.items()}
${vary}

def picture(path):
    """Upright, transparency over white, resized."""
    image = ImageOps.exif_transpose(Image.open(path))
$deep    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
$middle    return v2.functional.resize(image.convert("RGB"), $resize, v2.InterpolationMode("$interpolation"), antialias=True)


def inputs(split, places, varied=False):
    """Normalised images (N, 3, S, S)."""
    images = (picture(samples[split][i][0]) for i in places)
    shown = [${shown}v2.functional.center_crop(image, $input_size) for image in images]
    scaled = torch.stack([v2.functional.pil_to_tensor(image) for image in shown]).float() / 255
    return v2.functional.normalize(scaled, $mean, $std).to(device, memory_format=torch.channels_last)
'''
TEXTS = '''
def rows(split):
    """Texts and labels, without the apostrophe before what a spreadsheet would take for a formula."""
    with (DATA / f"{split}.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [[re.sub(r"^'(?=[=+@\\t\\r-])", "", row[key]) for key in ("text", "label")] for row in csv.DictReader(file)]
    return [text for text, _ in cells], torch.tensor([CLASSES.index(label) for _, label in cells])


samples, labels = ({split: rows(split)[i] for split in ("train", "val", "test")} for i in (0, 1))
tokenizer = AutoTokenizer.from_pretrained($tokenizer, padding_side="right")
${padding}tokenizer.model_input_names = $names


def inputs(split, places, varied=False):
    """Tokens (N, T) by name."""
    texts = [samples[split][i] or $empty for i in places]
    tokens = tokenizer(texts, padding=True, truncation=True, max_length=$max_tokens, return_tensors="pt")
    return {name: tokens[name].to(device) for name in tokenizer.model_input_names}


class Encoder(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, x):
        states, mask = self.encoder(**x).last_hidden_state, x["attention_mask"]
        $pooled
'''
DEEP = """    if image.mode[0] in "IF":  # more than 8 bits: the smallest usual number of them that holds all values is the range
        values = np.nan_to_num(np.asarray(image).astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        tops = [1.0] if image.mode == "F" else [2.0**bits - 1 for bits in (8, 10, 12, 14, 16)]
        fits = [top for top in tops if values.min() >= 0 and values.max() <= top]
        low, high = (0.0, fits[0]) if fits else (values.min(), values.max())
        scaled = (values - low) * (255.0 / (high - low if high > low else 1.0))
        image = Image.fromarray(np.clip(np.rint(scaled), 0, 255).astype(np.uint8))
"""
MIDDLE = """    image = v2.functional.center_crop(image, [min(side, 8 * min(image.size)) for side in reversed(image.size)])
"""
POOLED: Mapping[str, str] = {
    "first": "return states[:, 0]",
    "last": "return states[torch.arange(len(mask)), (mask * torch.arange(1, mask.shape[1] + 1, device=device)).argmax(1)]",
    "mean": "return (states * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)",
}
LORA = """model.backbone = inject_adapter_in_model(LoraConfig(
    r=$rank, lora_alpha=$alpha, lora_dropout=$dropout, use_rslora=$rslora, use_dora=$dora,
    target_modules=$adapted), model.backbone)
"""
PADDING = """tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
"""


def constants(values: Mapping[str, object]) -> str:
    """Assignments, as Python writes the values; the single numbers share two lines."""
    plain = {name: value for name, value in values.items() if isinstance(value, int | float)}
    large = {name: value for name, value in values.items() if name not in plain}
    if large.get("FOLDERS") == large.get("CLASSES"):
        large = {
            ("CLASSES = FOLDERS" if name == "CLASSES" else name): value
            for name, value in large.items()
            if name != "FOLDERS"
        }
    lines = [line for name, value in large.items() for line in _assigned(name, value)]
    names = list(plain)
    halves = (names[: len(names) // 2], names[len(names) // 2 :])
    lines += [f"{', '.join(some)} = {', '.join(repr(plain[name]) for name in some)}" for some in halves]
    return "\n".join(lines) + "\n"


def _assigned(name: str, value: object) -> list[str]:
    """A list of records has a line for each; other values are wrapped."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return (
            [f"{name} = [", *(f"    {record!r}," for record in value), "]"]
            if len(value) > 1
            else [f"{name} = {value!r}"]
        )
    return f"{name} = {pformat(value, width=WIDTH, sort_dicts=False, compact=True)}".splitlines()
