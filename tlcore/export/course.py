"""The course of a training in a script: its phases as plain values, its steps, and what is done after each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from tlcore.export.loop import (
    BALANCE,
    BODY,
    CACHED,
    CARRY,
    DRAWN,
    FACTOR,
    FORWARD,
    MIXING,
    NORMS,
    PATIENCE,
    PRISTINE,
    PROGRESS,
    SCALER,
    SIMPLE_FACTOR,
)
from tlcore.export.subject import Subject
from tlcore.strategies import Lora

__all__ = ["approximated", "casts", "course", "phases", "wild"]

SCHEDULES: Mapping[str, str] = {
    "constant": "1.0",
    "linear": "1 - p",
    "cosine": "0.5 * (1 + math.cos(math.pi * p))",
    "one_cycle": "(0.04 + 0.48 * (1 - math.cos(math.pi * p / 0.3)) if p < 0.3 else "
    "0.5 * (1 + math.cos(math.pi * (p - 0.3) / 0.7)))",
}
OPTIMIZERS: Mapping[str, str] = {"adam": "torch.optim.Adam", "adamw": "torch.optim.AdamW", "sgd": "torch.optim.SGD"}


def phases(subject: Subject) -> list[dict[str, object]]:
    """As a script holds them."""
    return [
        {"name": phase.name, "epochs": phase.epochs, "warmup": phase.warmup, "lrs": _grouped(phase.lrs)}
        for phase in subject.recipe.plan(subject.model)
    ]


def casts(subject: Subject) -> bool:
    """Whether the forward pass may be in less than 32 bits: only one that reaches a backbone which trains is."""
    trained = any(pattern != "head" for phase in subject.recipe.plan(subject.model) for pattern in phase.lrs)
    return trained and subject.recipe.precision != "float32"


def wild(subject: Subject) -> bool:
    """Whether a pattern of parameters is more than the beginning of their names."""
    return any(set(pattern) & set("*?[") for phase in subject.recipe.plan(subject.model) for pattern in phase.lrs)


def approximated(subject: Subject) -> list[str]:
    """Sentences on what a script does a little otherwise than the run."""
    recipe, said = subject.recipe, []
    mixes, weighs = recipe.augmentation.mixes, recipe.balance == "weights"
    if recipe.accumulate > 1 and mixes:
        said.append("Images are mixed within the parts of a batch, in the run within the whole batch.")
    if weighs and (mixes or recipe.accumulate > 1):
        said.append("Weighted losses are divided by the samples of a part, in the run by the weights of a batch.")
    return said


def course(subject: Subject) -> str:
    """Everything behind the model: what mixes, the rules of a step, and the loop."""
    recipe = subject.recipe
    augmentation, cached, single = recipe.augmentation, _caches(subject), len(recipe.plan(subject.model)) == 1
    weights = "weights.to(device)" if recipe.balance == "weights" else "None"
    step = _step(subject, f"{weights}, label_smoothing={recipe.label_smoothing}")
    sampled = (
        "torch.multinomial(weights[y], len(y), True)" if recipe.balance == "sampling" else "torch.randperm(len(y))"
    )
    return _mixing(subject) + Template(BODY).substitute(
        optimizer=OPTIMIZERS[recipe.optimizer.name],
        momentum=", momentum=0.9" if recipe.optimizer.name == "sgd" else "",
        factor=_factor(subject),
        wild=" or fnmatchcase(name, part)" if wild(subject) else "",
        still=" and parameter not in norms" if recipe.freezes_batch_norm() else "",
        norms=NORMS if recipe.freezes_batch_norm() else "",
        carry="" if single else CARRY,
        kept="" if single else "; what trained before keeps its moments",
        forward=_forward(subject),
        tables="tables, cached, " if cached else "",
        empty="{}, True, " if cached else "",
        watched=PRISTINE if cached else "",
        cached=", cached" if cached else "",
        taken=", cached=False" if cached else "",
        passed=", cached=cached" if cached else "",
        order=sampled,
        balance=BALANCE if recipe.balance != "none" else "",
        patience=PATIENCE if recipe.patience else "",
        patient=", waited, lowest" if recipe.patience else "",
        none_yet=", 0, math.inf" if recipe.patience else "",
        scaler=SCALER if _scales(subject) else "",
        unscaled="scaler.unscale_(optimizer)\n            " if _scales(subject) else "",
        stepped="scaler.step(optimizer)\n            scaler.update()" if _scales(subject) else "optimizer.step()",
        update=f"\n{12 * ' '}".join(step),
        clipped="nn.utils.clip_grad_norm_(model.parameters(), CLIP)\n            " if recipe.clip else "",
        varied="VARIED" if augmentation.active else "False",
    )


def _grouped(lrs: Mapping[str, float]) -> dict[str, float]:
    """Stages with the same rate as one pattern."""
    by_rate: dict[float, list[str]] = {}
    for pattern, lr in lrs.items():
        by_rate.setdefault(lr, []).append(pattern)
    return {"|".join(patterns): lr for lr, patterns in by_rate.items()}


def _scales(subject: Subject) -> bool:
    """Whether losses are scaled, as float16 wants it."""
    return casts(subject) and subject.recipe.precision == "float16"


def _caches(subject: Subject) -> bool:
    """Whether the run begins with a frozen backbone whose features can be kept."""
    recipe, augmentation = subject.recipe, subject.recipe.augmentation
    first = recipe.plan(subject.model)[0]
    frozen = not any(pattern.startswith("backbone") for pattern in first.lrs)
    plain = recipe.strategy.pretrained and not isinstance(recipe.strategy, Lora)
    return plain and frozen and not augmentation.mixes and bool(augmentation.views or not augmentation.active)


def _forward(subject: Subject) -> str:
    less = casts(subject)
    if not _caches(subject):
        return Template(FORWARD).substitute(cast="@cast\n" if less else "")
    kept = DRAWN if subject.recipe.augmentation.views else CACHED
    return Template(kept).substitute(cast=f"with cast:\n{12 * ' '}" if less else "")


def _factor(subject: Subject) -> str:
    """Shorter where there is one phase without a warm-up of its own."""
    schedule, plan = subject.recipe.schedule.name, subject.recipe.plan(subject.model)
    short = len(plan) == 1 and not plan[0].warmup
    progress = PROGRESS if schedule != "constant" else ""
    return Template(SIMPLE_FACTOR if short else FACTOR).substitute(schedule=SCHEDULES[schedule], progress=progress)


def _mixing(subject: Subject) -> str:
    augmentation, n_classes = subject.recipe.augmentation, len(subject.classes)
    given = (("MixUp", augmentation.mixup), ("CutMix", augmentation.cutmix))
    kinds = [f"v2.{name}(alpha={alpha}, num_classes={n_classes})" for name, alpha in given if alpha]
    return Template(MIXING).substitute(kinds=", ".join(kinds)) if kinds else ""


def _step(subject: Subject, options: str) -> list[str]:
    """The lines that make gradients: of the whole batch, or of its parts one after another."""
    recipe = subject.recipe
    part, cached = "part" if recipe.accumulate > 1 else "some", ", cached" if _caches(subject) else ""
    given = (
        [f'x, target = mix(inputs("train", {part}.tolist(), VARIED), y[{part}].to(device))',
         *(["with cast:"] if casts(subject) else []),
         f"{4 * ' ' * casts(subject)}loss = F.cross_entropy(model(x).float(), target, {options})"]
        if recipe.augmentation.mixes
        else [f'loss = F.cross_entropy(forward("train", {part}, VARIED{cached}), y[{part}].to(device), {options})']
    )  # fmt: skip
    scaled = "scaler.scale({})" if _scales(subject) else "{}"
    if recipe.accumulate == 1:
        return [*given, f"{scaled.format('loss')}.backward()"]
    whole = scaled.format("loss * len(part) / len(some)")
    lines = [*given, f"{whole if _scales(subject) else f'({whole})'}.backward()"]
    return [f"for part in some.split(math.ceil(BATCH / {recipe.accumulate})):", *(f"    {line}" for line in lines)]
