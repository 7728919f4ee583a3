"""The run as one short script of plain PyTorch: the parts that are alike in all of them, and how they are put together.

What differs between runs stands at the top of the script as plain values; what a run has no use for is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pprint import pformat

__all__ = [
    "BALANCE",
    "BODY",
    "CACHED",
    "DRAWN",
    "FORWARD",
    "IMAGES",
    "LORA",
    "MIXING",
    "PATIENCE",
    "POOLED",
    "TEXTS",
    "constants",
]

WIDTH = 118

IMAGES = '''
samples = {split: [(path, i) for i, name in enumerate(FOLDERS) for path in sorted((DATA / split / name).glob("*"))]
           for split in ("train", "val", "test")}
labels = {split: torch.tensor([label for _, label in rows]) for split, rows in samples.items()}
vary = v2.Compose([$changes])


def picture(path):
    """Upright, transparency over white, resized."""
    image = ImageOps.exif_transpose(Image.open(path))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return v2.functional.resize(image.convert("RGB"), $resize, v2.InterpolationMode("$interpolation"), antialias=True)


def inputs(split, places, varied=False):
    """Normalised images (N, 3, S, S)."""
    images = (picture(samples[split][i][0]) for i in places)
    shown = [vary(image) if varied else v2.functional.center_crop(image, $input_size) for image in images]
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
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
tokenizer.model_input_names = $names


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
POOLED: Mapping[str, str] = {
    "first": "return states[:, 0]",
    "last": "return states[torch.arange(len(mask)), (mask * torch.arange(1, mask.shape[1] + 1, device=device)).argmax(1)]",
    "mean": "return (states * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)",
}
LORA = """model.backbone = inject_adapter_in_model(LoraConfig(
    r=$rank, lora_alpha=$alpha, lora_dropout=$dropout, use_rslora=$rslora, use_dora=$dora,
    target_modules=$adapted), model.backbone)
"""
MIXING = "mix = v2.RandomChoice([$kinds])\n"
PATIENCE = """        waited, lowest = (0, -now[1]) if epoch == 1 or -now[1] < lowest else (waited + 1, lowest)
        if waited >= PATIENCE:
            break
"""
BALANCE = """counts = torch.bincount(y, minlength=len(CLASSES)).float()
weights = torch.where(counts > 0, len(y) / (len(CLASSES) * counts.clamp(min=1)), 0.0)
"""
FORWARD = """def forward(split, places, cached, varied=False):
    return model(inputs(split, places.tolist(), varied and VARIED))
"""
CACHED = """def forward(split, places, cached, varied=False):
    \"\"\"Logits. What a frozen backbone says is computed once$told.\"\"\"
    if not cached:
        return model(inputs(split, places.tolist(), varied and VARIED))
    for view in range(VIEWS + 1 if varied else 1):
        if (split, view) not in tables:
            parts = torch.arange(len(labels[split])).split(32)
            with torch.no_grad():
                tables[split, view] = torch.cat([model.backbone(inputs(split, p.tolist(), view > 0)) for p in parts])
    $drawn
"""
DRAWN: Mapping[bool, str] = {
    False: "return model.head(tables[split, 0][places])",
    True: "drawn = torch.randint(VIEWS + 1 if varied else 1, (len(places),)).tolist()\n"
    "    return model.head(torch.stack([tables[split, view][i] for view, i in zip(drawn, places.tolist())]))",
}
BODY = '''

def matching(name, patterns):
    """The longest pattern that fits a parameter's name."""
    fits = [(len(part), whole) for whole in patterns for part in whole.split("|")
            if name == part or name.startswith(part + ".") or fnmatchcase(name, part)]
    return max(fits, key=lambda fit: fit[0], default=(0, None))[1]


def set_modes(module, training=True):
    """Train mode for what trains, eval mode for what is frozen."""
    own = list(module.parameters())
    module.training = any(p.requires_grad for p in own) if own else training
    for child in module.children():
        set_modes(child, module.training)


def begin(phase, before):
    """Freeze, and make the optimizer; what trained before keeps its moments."""
    groups = {}
    for name, parameter in model.named_parameters():
        key = matching(name, phase["lrs"])
        parameter.requires_grad = key is not None and not (FREEZE_NORMS and parameter in norms)
        if parameter.requires_grad:
            groups.setdefault((key, parameter.ndim > 1), []).append(parameter)
    made = $optimizer([
        {"params": found, "lr": phase["lrs"][key], "base": phase["lrs"][key], "weight_decay": DECAY if decays else 0.0}
        for (key, decays), found in groups.items()]$momentum)
    made.state.update({p: before.state[p] for group in groups.values() for p in group if before and p in before.state})
    return made


def factor(k, step):
    """Warm-up and schedule: what base rates are multiplied by at a step of phase k."""
    lengths = [phase["epochs"] * per_epoch for phase in PHASES]
    own, warm = step, round(PHASES[k]["warmup"] * lengths[k])
    step, total = (sum(lengths[:k]) + step, sum(lengths[:PLANNED])) if k < PLANNED else (step, lengths[k])
    start = round(WARMUP * total)
    p = (step - start) / max(1, total - start)
    return (step / start if step <= start else $schedule) * (own / warm if own < warm else 1.0)


$forward

@torch.no_grad()
def score(split, cached):
    model.eval()
    logits = torch.cat([forward(split, some, cached) for some in torch.arange(len(labels[split])).split(64)]).cpu()
    return (logits.argmax(1) == labels[split]).float().mean().item(), -F.cross_entropy(logits, labels[split]).item()


tables, best, kept, optimizer, pristine = {}, (-1.0, 0.0), None, None, $pristine
per_epoch, y = math.ceil(len(labels["train"]) / BATCH), labels["train"]
norms = {p for m in model.backbone.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) for p in m.parameters()}
${balance}for k, phase in enumerate(PHASES):
    optimizer = begin(phase, optimizer)
    pristine = pristine and not any(p.requires_grad for p in model.backbone.parameters())
    cached, step = pristine and $cacheable, 0
    for epoch in range(1, phase["epochs"] + 1):
        set_modes(model)
        for some in $order.split(BATCH):
            step += 1
            for group in optimizer.param_groups:
                group["lr"] = group["base"] * factor(k, step)
            optimizer.zero_grad()
            $update
            nn.utils.clip_grad_norm_(model.parameters(), CLIP or float("inf"))
            optimizer.step()
        now = score("val", cached)
        print(f"{phase['name']}, epoch {epoch}: val accuracy {now[0]:.4f}, val loss {-now[1]:.4f}", flush=True)
        if now > best:
            best, kept = now, {name: value.clone() for name, value in model.state_dict().items()}
${patience}model.load_state_dict(kept)
torch.save(kept, "repeated.pt")
print(json.dumps({"val_accuracy": best[0], "test_accuracy": score("test", cached)[0] if len(labels["test"]) else None}))
'''


def constants(values: Mapping[str, object]) -> str:
    """Assignments, as Python writes the values; the single numbers share two lines."""
    plain = {name: value for name, value in values.items() if isinstance(value, int | float)}
    large = {name: value for name, value in values.items() if name not in plain}
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
