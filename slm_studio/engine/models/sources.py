"""What a network that rewrites is given: a source with what leads it, and of targets the same frame.

What leads a source says what shall become of it: a tag of the vocabulary for each direction, words that a base was taught,
or nothing.
"""

from collections.abc import Sequence
from typing import cast

from transformers import PreTrainedTokenizerBase

from slm_studio.core.errors import StudioError
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.encoding import Frame, Ids, encode_plain, frame_of, id_of


def source_ids(loaded: Loaded, texts: Sequence[str], limit: int, *, back: bool) -> list[Ids]:
    """Return the tokens of sources, at most `limit` of each: what is too long loses its end."""
    tokenizer = cast(PreTrainedTokenizerBase, loaded.tokenizer)
    lead = lead_of(loaded, back=back)
    tag = id_of(tokenizer, lead) if lead else None
    plain = encode_plain(tokenizer, texts if tag is not None else [lead + text for text in texts])
    front = [tag] if tag is not None else []
    return [_framed(frame_of(tokenizer), front, ids, limit) for ids in plain]


def target_ids(loaded: Loaded, texts: Sequence[str], limit: int) -> list[Ids]:
    """Return the tokens of targets, at most `limit` of each."""
    tokenizer = cast(PreTrainedTokenizerBase, loaded.tokenizer)
    return [_framed(frame_of(tokenizer), [], ids, limit) for ids in encode_plain(tokenizer, texts)]


def lead_of(loaded: Loaded, *, back: bool) -> str:
    """Return what stands before a source."""
    leads = loaded.facts.get("leads")
    return str(leads[back]) if isinstance(leads, list) and len(leads) == 2 else ""


def refuse_direction(loaded: Loaded, *, back: bool) -> None:
    """Raise StudioError where a model that learnt one direction is asked the other way."""
    if back and not loaded.facts.get("both_ways"):
        raise StudioError(
            "one-way",
            "This model learnt one direction only.",
            "Train one with “Both directions”, or ask it from source to target.",
        )


def _framed(frame: Frame, front: Ids, ids: Ids, limit: int) -> Ids:
    room = max(0, limit - len(frame.opening) - len(front) - len(frame.closing))
    return [*frame.opening, *front, *ids[:room], *frame.closing]
