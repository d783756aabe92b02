"""Tokens as a person reads them."""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

PART = "\ufffd"  # what a decoder writes for a part of a character
LONGEST_CHARACTER = 4  # bytes of UTF-8, each at most a token of its own


def piece_texts(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> list[str]:
    """Return the text of each token; of a character that several tokens make together, the last has it, the others nothing."""
    backend = tokenizer.backend_tokenizer  # type: ignore[attr-defined]
    found: list[str] = []
    begun: list[int] = []  # tokens of a character that is not whole yet
    for each in ids:
        begun.append(int(each))
        text = backend.decode(begun, skip_special_tokens=False)
        is_part = text.endswith(PART) and len(begun) < LONGEST_CHARACTER
        found.append("" if is_part else text)
        if not is_part:
            begun = []
    if begun:
        found[-1] = PART
    return found
