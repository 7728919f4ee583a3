"""The measures of texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["JUDGED_CHARS", "measure_writings", "normal"]

JUDGED_CHARS = 60
"""Letters from which a text's language is judged; shorter ones say too little."""
READ_CHARS = 2_000
"""Of a text's beginning, which its language is judged by."""
BITS = 64
NGRAM = 4
"""Characters of the pieces that texts are compared by."""
BUCKETS = 2**16
SEED = 0


def measure_writings(texts: Sequence[str]) -> pd.DataFrame:
    """`n_chars`, `language` (ISO 639-1, empty if too short), `sure` in [0, 1], `hash` and `plain`, a row a text."""
    import pandas as pd

    judged = [_language(text) for text in texts]
    plain = [normal(text) for text in texts]
    return pd.DataFrame(
        {
            "n_chars": [len(text) for text in texts],
            "language": [language for language, _ in judged],
            "sure": [sure for _, sure in judged],
            "hash": _hashes(plain),
            "plain": plain,
        }
    )


def normal(text: str) -> str:
    """Words only: no case, punctuation or spacing, compatible characters made one."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def _language(text: str) -> tuple[str, float]:
    if sum(map(str.isalpha, text)) < JUDGED_CHARS:
        return "", 0.0
    language, sure = _identifier().classify(text[:READ_CHARS])
    return str(language), float(sure)


@cache
def _identifier() -> Any:
    """py3langid's model of 97 languages, which comes with it. https://aclanthology.org/P12-3005/"""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _hashes(texts: Sequence[str]) -> NDArray[np.uint64]:
    """64 bits of each text, on which alike texts agree: the signs of random projections of its character n-grams.

    M. Charikar, "Similarity estimation techniques from rounding algorithms", 2002, https://doi.org/10.1145/509907.509965:
    two texts differ in a share of the bits that is the angle between them over pi.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    pieces = HashingVectorizer(analyzer="char_wb", ngram_range=(NGRAM, NGRAM), n_features=BUCKETS, alternate_sign=False)
    signs = pieces.transform(texts) @ _projections() > 0
    packed: NDArray[np.uint64] = np.packbits(signs, axis=1).view(np.uint64).ravel()
    return packed


@cache
def _projections() -> NDArray[np.float32]:
    return np.random.default_rng(SEED).standard_normal((BUCKETS, BITS), dtype=np.float32)
