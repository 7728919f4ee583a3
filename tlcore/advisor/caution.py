"""When transfer may be the wrong tool, or the figures say little."""

from __future__ import annotations

from tlcore.advisor.facts import HALFWAY, Facts
from tlcore.advisor.finding import percent

__all__ = ["HUGE", "MANY", "at_a_loss", "cautions", "mirrored"]

HUGE = 1.5
"""Times the limit above which a gap is huge."""
MANY = 1_000_000
"""Training samples from which pretraining hardly matters."""
FEW = 10
"""Training samples of a class, on average, below which a score depends on luck."""
COARSE = 0.25
"""Share of the backbone's input size below which images hold too little detail."""


def cautions(facts: Facts) -> tuple[str, ...]:
    """What to keep in mind, the gravest first."""
    found = (_chance(facts), _many(facts), _few(facts), _coarse(facts))
    return tuple(words for words in found if words)


def at_a_loss(facts: Facts) -> bool:
    """Whether the pretrained features know nothing of the classes, and the data is far from the pretraining."""
    return _at_chance(facts) and facts.gap is not None and facts.gap > HUGE * facts.limit


def _at_chance(facts: Facts) -> bool:
    return facts.probe.interval[0] <= facts.probe.chance and facts.probe.separation < HALFWAY


def _chance(facts: Facts) -> str:
    """Features that know nothing of the classes."""
    if not _at_chance(facts):
        return ""
    said = (
        f"A linear classifier on the pretrained features gets {percent(facts.probe.linear)} of val right, hardly more "
        f"than the {percent(facts.probe.chance)} of always saying the largest class"
    )
    if at_a_loss(facts):
        return (
            f"{said}, and the data is far from the pretraining (a gap of {facts.gap:.2f}, where up to "
            f"{facts.limit:g} is similar). Transfer may be the wrong tool here, as it often is for spectrograms, radar "
            "and molecules: compare with from_scratch, or take a backbone that was pretrained on such data."
        )
    return f"{said}: see whether the labels go with the samples, or add samples, before training for long."


def _many(facts: Facts) -> str:
    if facts.n_train <= MANY:
        return ""
    return (
        f"{facts.n_train:,} training samples are enough to learn without pretraining: compare with from_scratch before "
        "settling on transfer."
    )


def _few(facts: Facts) -> str:
    each = facts.n_train / facts.n_classes
    if each >= FEW:
        return ""
    return (
        f"There are {each:.1f} training samples a class on average, fewer than {FEW}: which ones were drawn decides "
        "much of the score. More samples help more than any strategy."
    )


def _coarse(facts: Facts) -> str:
    if facts.image_size is None or facts.image_size >= COARSE * facts.input_size:
        return ""
    return (
        f"The images have {facts.image_size} pixels on their shorter side and are enlarged to {facts.input_size}: the "
        "fine detail that the backbone learned to use is not in them. Take larger originals if there are any."
    )


def mirrored(facts: Facts) -> tuple[str, ...]:
    """What to keep in mind where augmentation is advised for images unlike photographs."""
    if facts.modality != "image" or facts.similar:
        return ()
    return (
        "Augmentation also mirrors images and changes their colours: leave it out (policy none) where left and right "
        "or the colour decide the class, as in writing or measurements.",
    )
