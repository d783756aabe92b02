"""Asking: candidates and what stands before them as the tokens that a net reads, in the way in which it says what is likely.

next     a net that writes: how likely it would write the candidate, token by token, after the context
hidden   a net that fills gaps: how likely each token of the candidate is where all others are seen
vectors  a net that searches: how alike context and candidate are
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, cast

from transformers import PreTrainedTokenizerBase

from slm_studio.core.messages import SYSTEM, USER, Message
from slm_studio.core.tasks import TaskInfo, task_info
from slm_studio.engine.data.lists import Listed
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.embedding.texts import PASSAGE, QUERY, encode_side, whole_lengths
from slm_studio.engine.models.encoding import Ids, encode_plain, frame_of
from slm_studio.engine.models.lengths import length_of
from slm_studio.engine.writing.conversation import chat_of, system_of

Way = Literal["next", "hidden", "vectors"]
WAYS: Mapping[str, Way] = {"tokens": "next", "gaps": "hidden", "hits": "vectors"}  # by what the lender's models answer
LENDER, ENDS = (
    "lender",
    "ends",
)  # facts: the task whose net it is; whether the end of a text is likely after a whole one
BETWEEN = "\n"  # context and candidate


@dataclass(frozen=True, slots=True)
class Encoded:
    """A list as tokens: those of each candidate with what stands before, `skip` of them, and those of the context alone."""

    candidates: list[Ids]
    skip: int
    context: Ids


def lender_of(loaded: Loaded) -> TaskInfo:
    """Return the task whose net it is."""
    return task_info(str(loaded.facts[LENDER]))


def way_of(info: TaskInfo) -> Way:
    """Return in which way models of a task say what is likely."""
    return WAYS[info.answers]


def encode_lists(loaded: Loaded, lists: Sequence[Listed]) -> list[Encoded]:
    """Return the candidates of lists as tokens."""
    texts = [text for each in lists for text in each.texts]
    if way_of(lender_of(loaded)) == "vectors":
        contexts = encode_side(loaded, [each.context for each in lists], QUERY)
        passages = iter(encode_side(loaded, texts, PASSAGE))
        return [
            Encoded([*islice(passages, len(each.texts))], 0, context if each.context.strip() else [])
            for each, context in zip(lists, contexts, strict=True)
        ]
    pieces = iter(encode_plain(_pieces(loaded), texts))
    frames = [_frame(loaded, each.context) for each in lists]
    return [
        Encoded(
            [_within(loaded, before, ids, after) for ids in islice(pieces, len(each.texts))], _skip(loaded, before), []
        )
        for each, (before, after) in zip(lists, frames, strict=True)
    ]


def encode_right(loaded: Loaded, lists: Sequence[Listed]) -> tuple[list[Ids], list[int]]:
    """Return the right texts as a net that writes reads them, and how many tokens stand before each."""
    pieces = encode_plain(_pieces(loaded), [each.reference for each in lists])
    frames = [_frame(loaded, each.context) for each in lists]
    found = [_within(loaded, before, ids, after) for ids, (before, after) in zip(pieces, frames, strict=True)]
    return found, [_skip(loaded, before) for before, _ in frames]


def cut_ones(loaded: Loaded, lists: Sequence[Listed]) -> int:
    """Return how many lists hold a candidate that is longer than the net reads."""
    limit = length_of(loaded)
    return sum(any(len(ids) >= limit for ids in each.candidates) for each in encode_lists(loaded, lists))


def candidate_lengths(loaded: Loaded, one: Listed) -> list[int]:
    """Return how many tokens each candidate of a list would be in its frame, were none cut."""
    if way_of(lender_of(loaded)) == "vectors":
        return whole_lengths(loaded, one.texts, PASSAGE)
    before, after = _frame(loaded, one.context)
    skip = _skip(loaded, before)
    return [skip + len(ids) + len(after) for ids in encode_plain(_pieces(loaded), one.texts)]


def end_of(tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the token that ends a text, and begins one where nothing else does."""
    found = (getattr(tokenizer, name, None) for name in ("eos_token_id", "bos_token_id", "pad_token_id"))
    return next((int(each) for each in found if each is not None), 0)


def _frame(loaded: Loaded, context: str) -> tuple[Ids, Ids]:
    """Return what stands before and after a candidate."""
    tokenizer = _pieces(loaded)
    frame, lender = frame_of(tokenizer), lender_of(loaded)
    if way_of(lender) == "hidden":
        before = [*encode_plain(tokenizer, [context])[0], *frame.closing] if context.strip() else []
        return [*frame.opening, *before], [*frame.closing]
    if lender.templated and context.strip():
        chat, system = chat_of(loaded), system_of(loaded)
        said = [Message(SYSTEM, system)] if system else []
        return chat.prompt_ids([*said, Message(USER, context)]), [chat.end_id]
    before = encode_plain(tokenizer, [context + BETWEEN])[0] if context.strip() else []
    end = end_of(tokenizer)
    return [*(frame.opening or [end]), *before], [end] * bool(loaded.facts.get(ENDS))


def _within(loaded: Loaded, before: Ids, ids: Ids, after: Ids) -> Ids:
    """Return a candidate in its frame; of a context that is too long the end stays, of a candidate the beginning."""
    skip = _skip(loaded, before)
    room = max(1, length_of(loaded) - skip - len(after))
    return [*before[len(before) - skip :], *ids[:room], *after]


def _skip(loaded: Loaded, before: Ids) -> int:
    return min(len(before), max(1, length_of(loaded) // 2))


def _pieces(loaded: Loaded) -> PreTrainedTokenizerBase:
    return cast(PreTrainedTokenizerBase, loaded.tokenizer)
