"""One source, rewritten as somebody wants it: piece by piece, drawn, or the likeliest of several beams with the others beside it."""

from collections.abc import Iterator, Sequence
from typing import cast

from transformers import PreTrainedTokenizerBase

from slm_studio.core.events import Progress
from slm_studio.core.generation import RewritingOptions
from slm_studio.core.results import Token, Variant
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.writing.beams import Hypothesis, search
from slm_studio.engine.writing.decoding import TextStream, end_ids, write_on
from slm_studio.engine.writing.pairs import Rewriting, start_id


def answer_one(loaded: Loaded, ids: Sequence[int], options: RewritingOptions) -> Iterator[Token | Variant | Progress]:
    """Yield the tokens of what a source becomes; of several beams Progress first, and the other answers after them."""
    tokenizer = cast(PreTrainedTokenizerBase, loaded.tokenizer)
    if options.beams == 1:
        yield from write_on(Rewriting(loaded.net, ids), tokenizer, [start_id(loaded.net)], options)
        return
    found = yield from search(
        loaded.net, ids, end_ids(loaded.net, tokenizer), beams=options.beams, most=options.max_new_tokens,
        length_penalty=options.length_penalty,
    )  # fmt: skip
    yield from _tokens(found[0], tokenizer)
    for other in found[1:]:
        yield Variant(tokenizer.decode(other.ids, skip_special_tokens=True).strip(), other.mean)


def _tokens(best: Hypothesis, tokenizer: PreTrainedTokenizerBase) -> Iterator[Token]:
    texts = TextStream(tokenizer)
    for at, (token, chance) in enumerate(zip(best.ids, best.chances, strict=True), start=1):
        text = texts.add(token) + (texts.finish() if at == len(best.ids) else "")
        yield Token(text, chance, token)
