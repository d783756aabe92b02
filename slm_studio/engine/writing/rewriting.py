"""Sources, rewritten as somebody wants it: piece by piece, drawn, or the likeliest of several beams with the others beside it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from transformers import PreTrainedTokenizerBase

from slm_studio.core.events import Progress
from slm_studio.core.generation import RewritingOptions
from slm_studio.core.pair_columns import TRANSLATION
from slm_studio.core.results import Token, Variant
from slm_studio.core.work import Work
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.writing.beams import Hypothesis, search_all
from slm_studio.engine.writing.decoding import TextStream, end_ids, write_on
from slm_studio.engine.writing.pairs import Rewriting, start_id, write_with_chances

BEAMS: Mapping[object, int] = {TRANSLATION: 4}  # what suits by what was learnt; 1 else


def answer_one(loaded: Loaded, ids: Sequence[int], options: RewritingOptions) -> Iterator[Token | Variant | Progress]:
    """Yield the tokens of what a source becomes; of several beams Progress first, and the other answers after them."""
    if beams_of(loaded, options) > 1:
        for _, item in answer_all(loaded, [ids], options):
            yield item
        return
    tokenizer = cast(PreTrainedTokenizerBase, loaded.tokenizer)
    yield from write_on(Rewriting(loaded.net, ids), tokenizer, [start_id(loaded.net)], options)


def beams_of(loaded: Loaded, options: RewritingOptions) -> int:
    """Return how many whole answers are weighed side by side: as many as are asked for, or as suits what was learnt.

    Where something is drawn, or told of each piece, there is one.
    """
    if options.beams is not None:
        return options.beams
    return BEAMS.get(loaded.facts.get("target"), 1) if may_be_together(options) else 1


def may_be_together(options: RewritingOptions) -> bool:
    """Say whether nothing but the likeliest answers is asked for, so that many are written at once."""
    return options == RewritingOptions(
        temperature=0.0, top_k=options.top_k, top_p=options.top_p, min_p=options.min_p, seed=options.seed,
        max_new_tokens=options.max_new_tokens, back=options.back, beams=options.beams, length_penalty=options.length_penalty,
    )  # fmt: skip


def answer_all(
    loaded: Loaded, sources: Sequence[Sequence[int]], options: RewritingOptions
) -> Iterator[tuple[int, Token | Variant | Progress]]:
    """Yield what each of some sources becomes, source by source; of several beams the other answers, too."""
    tokenizer = cast(PreTrainedTokenizerBase, loaded.tokenizer)
    work = write_all(loaded, sources, options)
    while True:
        try:
            yield 0, cast(Progress, next(work))
        except StopIteration as end:
            found = end.value
            break
    for place, (best, *others) in enumerate(found):
        yield from ((place, token) for token in _tokens(best, tokenizer))
        for other in others:
            yield place, Variant(tokenizer.decode(other.ids, skip_special_tokens=True).strip(), other.mean)


def write_all(
    loaded: Loaded, sources: Sequence[Sequence[int]], options: RewritingOptions
) -> Work[list[list[Hypothesis]]]:
    """Yield Progress; return the likeliest answers to each source, the best first: as many as there are beams."""
    tokenizer, most = cast(PreTrainedTokenizerBase, loaded.tokenizer), options.max_new_tokens
    loaded.net.eval()
    beams = beams_of(loaded, options)
    if beams > 1:
        ends = end_ids(loaded.net, tokenizer)
        return (
            yield from search_all(
                loaded.net, sources, ends, beams=beams, most=most, length_penalty=options.length_penalty
            )
        )
    found = yield from write_with_chances(loaded.net, tokenizer, sources, most)
    return [[Hypothesis(tuple(token for token, _ in each), tuple(chance for _, chance in each), 0.0)] for each in found]


def _tokens(written: Hypothesis, tokenizer: PreTrainedTokenizerBase) -> Iterator[Token]:
    texts = TextStream(tokenizer)
    for at, (token, chance) in enumerate(zip(written.ids, written.chances, strict=True), start=1):
        text = texts.add(token) + (texts.finish() if at == len(written.ids) else "")
        yield Token(text, chance, token)
