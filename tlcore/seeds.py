"""Seeds made of seeds: what is drawn for an epoch, sample or view follows from its place, not from what came before."""

from __future__ import annotations

import hashlib
import json

__all__ = ["seed_of"]


def seed_of(*parts: int | str) -> int:
    """A seed in [0, 2^48) that differs wherever any of the parts does."""
    return int.from_bytes(hashlib.blake2b(json.dumps(parts).encode(), digest_size=6).digest())
