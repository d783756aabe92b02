"""What is asked of an encoder as token ids: a text, or a pair of texts."""

import sys
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from slm_studio.engine.examples import IDS, MASK, TYPES, Batch
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.bag import BagTokenizer
from slm_studio.engine.models.encoding import Ids, encode_framed
from slm_studio.engine.models.lengths import length_of
from slm_studio.engine.models.pairs import encode_pairs

Asked = Sequence[Sequence[str]]  # the texts of all rows, or two of each


def encode_asked(loaded: Loaded, asked: Asked, limit: int = 0) -> dict[str, list[Ids]]:
    """Return token ids, cut at the model's length, and of pairs which text a token is of, where the net asks for that."""
    limit = limit or length_of(loaded)
    if len(asked) == 1:
        return {IDS: encode_framed(loaded.tokenizer, asked[0], limit)}  # type: ignore[arg-type]
    if isinstance(loaded.tokenizer, BagTokenizer):
        return {IDS: [loaded.tokenizer.encode(*pair)[:limit] for pair in zip(*asked, strict=True)]}
    ids, types = encode_pairs(loaded.tokenizer, *asked, limit)  # type: ignore[arg-type]
    return {IDS: ids, TYPES: types} if knows_types(loaded) else {IDS: ids}


def logits_of(loaded: Loaded, batch: Batch) -> Tensor:
    """Return what the net says of the examples of a batch that is on its device, as fp32."""
    types = {TYPES: batch[TYPES]} if TYPES in batch else {}
    found: Tensor = loaded.net(input_ids=batch[IDS], attention_mask=batch[MASK], **types).logits.float()
    return found


def fillers_of(loaded: Loaded, asked: int) -> dict[str, int]:
    """Return what fills the tails of what `encode_asked` makes of so many texts a row."""
    return {IDS: loaded.padding} | ({TYPES: 0} if asked > 1 and knows_types(loaded) else {})


def knows_types(loaded: Loaded) -> bool:
    """Say whether the net is told which text of a pair a token is of."""
    named = getattr(loaded.tokenizer, "model_input_names", ())
    return TYPES in named and (getattr(loaded.net.config, "type_vocab_size", 0) or 0) > 1


def count_cut(loaded: Loaded, asked: Asked, lengths_N: np.ndarray) -> int:
    """Return how many rows lost an end when each became so many tokens.

    Only those that are as long as can be are looked at again.
    """
    limit = length_of(loaded)
    full = np.flatnonzero(lengths_N >= limit).tolist()
    if not full:
        return 0
    whole = encode_asked(loaded, [[texts[place] for place in full] for texts in asked], sys.maxsize)
    return sum(len(each) > limit for each in whole[IDS])
