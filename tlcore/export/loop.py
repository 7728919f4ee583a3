"""The loop of a script that repeats a run: what is alike in all of them, and what only some need."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "BALANCE",
    "BODY",
    "CACHED",
    "CARRY",
    "CAST",
    "DRAWN",
    "DTYPES",
    "FACTOR",
    "FORWARD",
    "MIXING",
    "NORMS",
    "PATIENCE",
    "PRISTINE",
    "PROGRESS",
    "SCALER",
    "SIMPLE_FACTOR",
]

MIXING = "mix = v2.RandomChoice([$kinds])\n"
PATIENCE = """        waited, lowest = (0, -now[1]) if -now[1] < lowest else (waited + 1, lowest)
        if waited >= PATIENCE:
            break
"""
BALANCE = """weights = (len(y) / (len(CLASSES) * torch.bincount(y, minlength=len(CLASSES)))).nan_to_num(posinf=0.0)
"""
FORWARD = """${cast}def forward(split, places, varied=False):
    return model(inputs(split, places.tolist(), varied)).float()
"""
CACHED = """def forward(split, places, varied=False, cached=False):
    \"\"\"Logits. What a frozen backbone says is computed once.\"\"\"
    if not cached:
        ${cast}return model(inputs(split, places.tolist(), varied)).float()
    if split not in tables:
        parts = torch.arange(len(labels[split])).split(32)
        with torch.no_grad():
            tables[split] = torch.cat([model.backbone(inputs(split, part.tolist())) for part in parts])
    return model.head(tables[split][places])
"""
DRAWN = """def forward(split, places, varied=False, cached=False):
    \"\"\"Logits. What a frozen backbone says is computed once; of several views of a sample one is drawn.\"\"\"
    if not cached:
        ${cast}return model(inputs(split, places.tolist(), varied)).float()
    for view in range(VIEWS + 1 if varied else 1):
        if (split, view) not in tables:
            parts = torch.arange(len(labels[split])).split(32)
            with torch.no_grad():
                tables[split, view] = torch.cat([model.backbone(inputs(split, p.tolist(), view > 0)) for p in parts])
    drawn = torch.randint(VIEWS + 1 if varied else 1, (len(places),)).tolist()
    return model.head(torch.stack([tables[split, view][i] for view, i in zip(drawn, places.tolist())]))
"""
CAST = """DTYPE = $dtype
cast = torch.autocast(device.type, DTYPE, enabled=DTYPE != torch.float32)  # of what trains a backbone
"""
DTYPES: Mapping[str, str] = {
    "auto": 'torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported(False) else torch.float32',
    "bfloat16": "torch.bfloat16",
    "float16": 'torch.float16 if device.type == "cuda" else torch.float32',
}
PRISTINE = """    cached = cached and not any(p.requires_grad for p in model.backbone.parameters())
"""
FACTOR = '''def factor(k, step):
    """Warm-up and schedule: what base rates are multiplied by at a step of phase k."""
    lengths = [phase["epochs"] * per_epoch for phase in PHASES]
    own, warm = step, round(PHASES[k]["warmup"] * lengths[k])
    step, total = (sum(lengths[:k]) + step, sum(lengths[:PLANNED])) if k < PLANNED else (step, lengths[k])
    start = round(WARMUP * total)
${progress}    return (step / start if step <= start else $schedule) * (own / warm if own < warm else 1.0)'''
SIMPLE_FACTOR = '''def factor(k, step):
    """Warm-up and schedule: what base rates are multiplied by at a step of the one phase."""
    total = PHASES[k]["epochs"] * per_epoch
    start = round(WARMUP * total)
${progress}    return step / start if step <= start else $schedule'''
CARRY = (
    "    made.state.update({p: before.state[p] for g in groups.values() for p in g if before and p in before.state})\n"
)
NORMS = (
    "norms = {p for m in backbone.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) "
    "for p in m.parameters()}\n"
)
PROGRESS = """    p = (step - start) / max(1, total - start)
"""
SCALER = "scaler = torch.amp.GradScaler(device.type, enabled=DTYPE == torch.float16)\n"
BODY = '''

def matching(name, patterns):
    """The longest pattern that fits a parameter's name."""
    fits = [(len(part), whole) for whole in patterns for part in whole.split("|")
            if name == part or name.startswith(part + ".")${wild}]
    return max(fits, key=lambda fit: fit[0], default=(0, None))[1]


def set_modes(module, training=True):
    """Train mode for what trains, eval mode for what is frozen."""
    own = list(module.parameters())
    module.training = any(p.requires_grad for p in own) if own else training
    for child in module.children():
        set_modes(child, module.training)


def begin(phase, before):
    """Freeze, and make the optimizer${kept}."""
    groups = {}
    for name, parameter in model.named_parameters():
        key = matching(name, phase["lrs"])
        parameter.requires_grad = key is not None${still}
        if parameter.requires_grad:
            groups.setdefault((key, parameter.ndim > 1), []).append(parameter)
    made = $optimizer([
        {"params": found, "lr": phase["lrs"][key], "base": phase["lrs"][key], "weight_decay": DECAY if decays else 0.0}
        for (key, decays), found in groups.items()]$momentum)
${carry}    return made


$factor


$forward

@torch.no_grad()
def score(split$taken):
    model.eval()
    logits = torch.cat([forward(split, some$passed) for some in torch.arange(len(labels[split])).split(64)]).cpu()
    return (logits.argmax(1) == labels[split]).float().mean().item(), -F.cross_entropy(logits, labels[split]).item()


${tables}best, kept, optimizer = ${empty}(-1.0, 0.0), None, None
per_epoch, y = math.ceil(len(labels["train"]) / BATCH), labels["train"]
${norms}${balance}${scaler}for k, phase in enumerate(PHASES):
    optimizer, step${patient} = begin(phase, optimizer), 0${none_yet}
${watched}    for epoch in range(1, phase["epochs"] + 1):
        set_modes(model)
        for some in $order.split(BATCH):
            step += 1
            for group in optimizer.param_groups:
                group["lr"] = group["base"] * factor(k, step)
            optimizer.zero_grad()
            $update
            ${unscaled}${clipped}$stepped
        now = score("val"$cached)
        print(f"{phase['name']}, epoch {epoch}: val accuracy {now[0]:.4f}, val loss {-now[1]:.4f}", flush=True)
        if now > best:
            best, kept = now, {name: value.clone() for name, value in model.state_dict().items()}
${patience}model.load_state_dict(kept)
torch.save(kept, "repeated.pt")
print(json.dumps({"val_accuracy": best[0], "test_accuracy": score("test"$cached)[0] if len(labels["test"]) else None}))
'''
