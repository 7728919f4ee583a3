"""Check of the split: the same sample on both sides of it. Only exact copies are found, not the same thing twice."""

from __future__ import annotations

from collections.abc import Iterator

from tlcore.advisor.case import Case
from tlcore.advisor.finding import Finding, percent

__all__ = ["leakage"]

TOLERATED = 0.01
"""Share of the test samples that may also lie in train without spoiling the score."""
NAMED = 2


def leakage(case: Case) -> Iterator[Finding]:
    """Samples of test or val whose very bytes were trained on."""
    table = case.dataset.manifest()
    if table["digest"].is_unique:
        return
    train = table[table["split"] == "train"].drop_duplicates("digest").set_index("digest")["origin"]
    for split in ("test", "val"):
        held = table[table["split"] == split]
        copies = held[held["digest"].isin(train.index)]
        if copies.empty:
            continue
        share = len(copies) / len(held)
        pairs = zip(copies["origin"][:NAMED], copies["digest"][:NAMED], strict=True)
        yield Finding(
            code=f"leak-{split}",
            level="error" if split == "test" and share > TOLERATED else "warning",
            title=f"Training samples in {split}",
            text=(
                f"{len(copies):,} of {len(held):,} {split} samples ({percent(share)}) also lie in train, for instance "
                f"{' and '.join(f'{origin} (in train: {train[digest]})' for origin, digest in pairs)}. The {split} "
                "score would be too good: take the copies out and add the data again."
            ),
        )
