"""Sources, rewritten as somebody wants it: piece by piece, drawn, or the likeliest of several beams and of what is known."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from transformers import PreTrainedTokenizerBase

from slm_studio.core.events import Progress
from slm_studio.core.generation import RewritingOptions
from slm_studio.core.pair_columns import TRANSLATION
from slm_studio.core.results import Token, Variant
from slm_studio.core.work import Work
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.known_pairs import Known, KnownPairs
from slm_studio.engine.models.lengths import length_of
from slm_studio.engine.models.sources import source_ids, target_ids
from slm_studio.engine.writing.beams import Hypothesis, search
from slm_studio.engine.writing.decoding import TextStream, end_ids, write_on
from slm_studio.engine.writing.known import candidates, terms_in, weighed
from slm_studio.engine.writing.pairs import Rewriting, start_id, write_with_chances

SCALES = 3.0  # times as long as its source an answer may be, at least …
ROOM = 24  # … and so many tokens
BEAMS: Mapping[object, int] = {TRANSLATION: 4}  # what suits by what was learnt; 1 else
Answered = Token | Variant | Known | Progress
NEEDED = "known_pairs"  # the fact that says on which terms known answers compete, there and back


@dataclass(frozen=True, slots=True)
class Asked:
    """One source: as a net reads it, and as it stands there."""

    ids: Sequence[int]
    text: str = ""
    back: bool = False  # from the target's side


def asked_of(loaded: Loaded, texts: Sequence[str], *, back: bool) -> list[Asked]:
    """Return texts as they are asked."""
    ids = source_ids(loaded, texts, length_of(loaded), back=back)
    return [Asked(each, text, back) for each, text in zip(ids, texts, strict=True)]


def answer_one(loaded: Loaded, asked: Asked, options: RewritingOptions) -> Iterator[Answered]:
    """Yield the tokens of what a source becomes, one by one as they come; of several beams what `answer_all` yields."""
    if beams_of(loaded, options) > 1:
        for _, item in answer_all(loaded, [asked], options):
            yield item
        return
    tokenizer = cast(PreTrainedTokenizerBase, loaded.tokenizer)
    yield from write_on(Rewriting(loaded.net, asked.ids), tokenizer, [start_id(loaded.net)], options)


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


def answer_all(loaded: Loaded, asked: Sequence[Asked], options: RewritingOptions) -> Iterator[tuple[int, Answered]]:
    """Yield Progress, then what each of some sources becomes, source by source: its tokens, and the pair that it is known from.

    Where several beams were asked for, the other answers follow.
    """
    tokenizer = cast(PreTrainedTokenizerBase, loaded.tokenizer)
    found = yield from _numbered(write_all(loaded, asked, options))
    for place, (best, *others) in enumerate(found):
        yield from ((place, token) for token in _tokens(best, tokenizer))
        if best.known is not None:
            yield place, best.known
        for other in others if options.beams is not None else ():
            yield place, Variant(tokenizer.decode(other.ids, skip_special_tokens=True).strip(), other.mean)


def _numbered(work: Work[list[list[Hypothesis]]]) -> Generator[tuple[int, Progress], None, list[list[Hypothesis]]]:
    """Yield how far work is, as said of the first of many."""
    while True:
        try:
            yield 0, cast(Progress, next(work))
        except StopIteration as end:
            return cast(list[list[Hypothesis]], end.value)


def write_all(loaded: Loaded, asked: Sequence[Asked], options: RewritingOptions) -> Work[list[list[Hypothesis]]]:
    """Yield Progress; return the likeliest answers to each source, the best first: as many as there are beams.

    Where several are weighed, what is known of texts like it is weighed with them.
    """
    own = yield from write_own(loaded, asked, options)
    needed = loaded.facts.get(NEEDED)
    if beams_of(loaded, options) == 1 or not isinstance(needed, list) or not isinstance(loaded.kept, KnownPairs):
        return own
    terms = [terms_in(each) for each in needed]
    counts = [terms[each.back] is not None for each in asked]
    known = yield from known_answers(loaded, loaded.kept, asked, counts, options.max_new_tokens)
    return [weighed(mine, theirs, terms[each.back]) for mine, theirs, each in zip(own, known, asked, strict=True)]


def write_texts(loaded: Loaded, asked: Sequence[Asked]) -> Work[list[str]]:
    """Yield Progress; return the likeliest answer to each source in words, as long as it needs to be."""
    found = yield from write_all(loaded, asked, RewritingOptions(max_new_tokens=most_written(loaded, asked)))
    return [text_of(loaded, best) for best, *_ in found]


def most_written(loaded: Loaded, asked: Sequence[Asked]) -> int:
    """Return how many tokens of an answer are written to be scored, at most."""
    return min(length_of(loaded), round(SCALES * max((len(each.ids) for each in asked), default=1)) + ROOM)


def write_own(loaded: Loaded, asked: Sequence[Asked], options: RewritingOptions) -> Work[list[list[Hypothesis]]]:
    """Yield Progress; return what the net itself writes, the likeliest first."""
    tokenizer, most = cast(PreTrainedTokenizerBase, loaded.tokenizer), options.max_new_tokens
    sources, beams = [each.ids for each in asked], beams_of(loaded, options)
    loaded.net.eval()
    if beams > 1:
        ends, penalty = end_ids(loaded.net, tokenizer), options.length_penalty
        return (yield from search(loaded.net, sources, ends, beams=beams, most=most, length_penalty=penalty))
    found = yield from write_with_chances(loaded.net, tokenizer, sources, most)
    return [[Hypothesis(tuple(token for token, _ in each), tuple(chance for _, chance in each), 0.0)] for each in found]


def known_answers(
    loaded: Loaded, pairs: KnownPairs, asked: Sequence[Asked], counts: Sequence[bool], most: int
) -> Work[list[list[Hypothesis]]]:
    """Yield Progress; return the targets of texts like each source, where that `counts`, as answers of `most` tokens at most."""
    known: list[list[Known]] = [[] for _ in asked]
    theirs: list[list[Sequence[int]]] = [[] for _ in asked]
    targets: list[list[Sequence[int]]] = [[] for _ in asked]
    most = min(most, length_of(loaded))
    for place, each in enumerate(asked):
        like = pairs.like(each.text, back=each.back) if counts[place] else []
        read = source_ids(loaded, [pair.source for pair in like], length_of(loaded), back=each.back)
        written = target_ids(loaded, [pair.target for pair in like], most + 1)
        for pair, source, ids in zip(like, read, written, strict=True):
            if len(ids) <= most:  # else only its beginning would stand there
                known[place].append(pair)
                theirs[place].append(source)
                targets[place].append(ids)
    return (yield from candidates(loaded.net, [each.ids for each in asked], theirs, targets, known))


def text_of(loaded: Loaded, written: Hypothesis) -> str:
    """Return an answer in words."""
    tokenizer = cast(PreTrainedTokenizerBase, loaded.tokenizer)
    return tokenizer.decode(written.ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)


def _tokens(written: Hypothesis, tokenizer: PreTrainedTokenizerBase) -> Iterator[Token]:
    texts = TextStream(tokenizer)
    for at, (token, chance) in enumerate(zip(written.ids, written.chances, strict=True), start=1):
        text = texts.add(token) + (texts.finish() if at == len(written.ids) else "")
        yield Token(text, chance, token)
