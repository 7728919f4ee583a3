"""A text as a network gets it: its tokens, what each stands for, and where the text is cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from tlcore.errors import WeightsError
from tlcore.features.inputs import TextInputs

__all__ = ["Token", "tokens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One place in what the network reads, or in what was cut off."""

    id: int
    """In the vocabulary."""
    name: str
    """As the vocabulary writes it: `##ing`, `Ġthe`, `[CLS]`."""
    text: str
    """The part of the text that it stands for; its name where it stands for none."""
    kind: Literal["word", "piece", "special", "unknown"]
    """`piece` goes on with the word before it; `special` is a sign of the tokenizer's own."""
    read: bool
    """The network gets it."""


def tokens(inputs: TextInputs, text: str) -> list[Token]:
    """What the network reads, in its order, then what was cut off.

    Raises:
        WeightsError: the tokenizer cannot say which part of a text a token stands for.
    """
    given = text or inputs.empty
    if not inputs.tokenizer.is_fast:
        raise WeightsError("This tokenizer does not say what its tokens stand for; upload its tokenizer.json.")
    short = inputs.tokenizer(given, truncation=True, max_length=inputs.max_tokens, return_offsets_mapping=True)
    whole = inputs.tokenizer(given, return_offsets_mapping=True, verbose=False)
    read = [_token(inputs.tokenizer, short, given, place, read=True) for place in range(len(short["input_ids"]))]
    n_read = sum(word is not None for word in short.word_ids())
    own = [place for place, word in enumerate(whole.word_ids()) if word is not None]
    return read + [_token(inputs.tokenizer, whole, given, place, read=False) for place in own[n_read:]]


def _token(tokenizer: Any, encoded: Any, text: str, place: int, *, read: bool) -> Token:
    number, word = encoded["input_ids"][place], encoded.word_ids()[place]
    begin, end = encoded["offset_mapping"][place]
    name = str(tokenizer.convert_ids_to_tokens(number))
    kind = _kind(tokenizer, number, goes_on=place > 0 and word is not None and word == encoded.word_ids()[place - 1])
    return Token(
        id=number, name=name, text=(text[begin:end].strip() if word is not None else "") or name, kind=kind, read=read
    )


def _kind(tokenizer: Any, number: int, *, goes_on: bool) -> Literal["word", "piece", "special", "unknown"]:
    if number == tokenizer.unk_token_id and number not in (tokenizer.eos_token_id, tokenizer.bos_token_id):
        return "unknown"
    if number in tokenizer.all_special_ids:
        return "special"
    return "piece" if goes_on else "word"
