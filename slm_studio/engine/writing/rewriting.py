"""One source, rewritten as somebody wants it: piece by piece, drawn, or the likeliest of several beams with the others beside it."""

from collections.abc import Iterator, Sequence
from typing import cast

from transformers import PreTrainedTokenizerBase

from slm_studio.core.events import Progress
from slm_studio.core.generation import RewritingOptions
from slm_studio.core.results import Token, Variant
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.writing.beams import search
from slm_studio.engine.writing.decoding import TextStream, end_ids, write_on
from slm_studio.engine.writing.pairs import Rewriting, start_id, write_with_chances


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
    yield from _tokens(list(zip(found[0].ids, found[0].chances, strict=True)), tokenizer)
    for other in found[1:]:
        yield Variant(tokenizer.decode(other.ids, skip_special_tokens=True).strip(), other.mean)


def may_be_together(options: RewritingOptions) -> bool:
    """Say whether answers are the likeliest piece by piece and nothing else is asked, so that many are written at once."""
    return options == RewritingOptions(
        temperature=0.0, top_k=options.top_k, top_p=options.top_p, min_p=options.min_p, seed=options.seed,
        max_new_tokens=options.max_new_tokens, back=options.back, length_penalty=options.length_penalty,
    )  # fmt: skip


def answer_all(
    loaded: Loaded, sources: Sequence[Sequence[int]], options: RewritingOptions
) -> Iterator[tuple[int, Token | Progress]]:
    """Yield what each of some sources becomes, the tokens that `answer_one` writes, source by source."""
    tokenizer = cast(PreTrainedTokenizerBase, loaded.tokenizer)
    loaded.net.eval()
    work = write_with_chances(loaded.net, tokenizer, sources, options.max_new_tokens)
    while True:
        try:
            yield 0, cast(Progress, next(work))
        except StopIteration as end:
            found = end.value
            break
    for place, written in enumerate(found):
        yield from ((place, token) for token in _tokens(written, tokenizer))


def _tokens(written: Sequence[tuple[int, float]], tokenizer: PreTrainedTokenizerBase) -> Iterator[Token]:
    texts = TextStream(tokenizer)
    for at, (token, chance) in enumerate(written, start=1):
        text = texts.add(token) + (texts.finish() if at == len(written) else "")
        yield Token(text, chance, token)
