"""How many tokens a model reads of a text, and which texts have more."""

import sys
from collections.abc import Mapping, Sequence

from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.encoding import encode_framed

DEFAULT = 512


def length_of(loaded: Loaded) -> int:
    """Return how many tokens of a text the model reads."""
    return int(loaded.facts.get("max_length") or DEFAULT)  # type: ignore[call-overload]


def count_cut(loaded: Loaded, texts: Sequence[str], examples: Sequence[Mapping[str, Sequence[int] | int]]) -> int:
    """Return how many texts lost their end when they became `examples`, one a text.

    Only those that are as long as can be are looked at again.
    """
    limit = length_of(loaded)
    full = [text for text, each in zip(texts, examples, strict=True) if len(each["input_ids"]) >= limit]  # type: ignore[arg-type]
    whole = encode_framed(loaded.tokenizer, full, sys.maxsize) if full else []  # type: ignore[arg-type]
    return sum(len(each) > limit for each in whole)
