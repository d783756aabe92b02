"""What a translator remembers: pairs that it learnt from, and on which terms they count, told by held-out pairs."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from slm_studio.core.events import Note
from slm_studio.core.generation import RewritingOptions
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.data.pairs import languages_of
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.rewriting import score_each
from slm_studio.engine.models.known_pairs import KnownPairs
from slm_studio.engine.watched import watched
from slm_studio.engine.writing.beams import Hypothesis
from slm_studio.engine.writing.known import FEWEST, WEIGHING, Terms, learn_terms
from slm_studio.engine.writing.rewriting import (
    NEEDED,
    Asked,
    asked_of,
    known_answers,
    most_written,
    text_of,
    write_own,
)

KEPT, LEFT = "pairs-kept", "pairs-left"  # notes
TOLD = mark("{count} learnt {count:pair stays|pairs stay} beside the model, on this computer alone: where a text is much like one of them, its answer may stand for the model's own. Held-out pairs told how like: they are answered better so.")  # fmt: skip
UNSURE = mark("{count} learnt {count:pair stays|pairs stay} beside the model, on this computer alone: where a text is very like one of them, its answer may stand for the model's own. Too few held-out texts are like a learnt one to tell whether that is better.")  # fmt: skip
WORSE = mark("No pair stays beside the model: held-out texts are answered better without the answers of learnt ones.")
OFF = mark("No pair stays beside the model: “Weigh known answers” is off.")

Sides = tuple[Sequence[str], Sequence[str]]


def remember(loaded: Loaded, learnt: Sides, held_out: Sides, key: str) -> Work[None]:
    """Yield Progress; let a model keep the pairs that it learnt from unless held-out answers are nearer to the true ones without.

    `key` is the measure. What a model that goes on knew before stays known, where the new pairs do not say otherwise. The
    pairs stand in `loaded.kept`, and in the facts on which terms they count: there, and back. A Note says which.
    """
    former = loaded.kept if isinstance(loaded.kept, KnownPairs) else None
    pairs = yield from watched(WEIGHING, partial(_joined, learnt, former, held_out))
    held = [pair for pair in zip(*held_out, strict=True) if all(side.strip() for side in pair)]
    terms: list[Terms | None] = []
    is_told = False
    for back in (False, True) if loaded.facts.get("both_ways") else (False,):
        asked = asked_of(loaded, [pair[back] for pair in held], back=back)
        most = most_written(loaded, asked)
        known = yield from known_answers(loaded, pairs, asked, [True] * len(asked), most)
        like = [place for place, each in enumerate(known) if each]
        is_told |= len(like) >= FEWEST
        true = [held[place][not back] for place in like]
        work = _terms(loaded, [asked[place] for place in like], [known[place] for place in like], true, key, most)
        terms.append((yield from work))
    loaded.kept = pairs if pairs.pairs and any(each is not None for each in terms) else None
    if loaded.kept is None:
        yield Note(LEFT, WORSE)
        return
    facts = [None if each is None else [each.needed, each.doubted] for each in terms]
    loaded.facts[NEEDED] = [*facts, None][:2]
    yield Note(KEPT, TOLD if is_told else UNSURE, {"count": len(pairs.pairs)})


def forget(loaded: Loaded) -> Note:
    """Let a model keep no pair, as somebody chose; return what is said of it."""
    loaded.kept = None
    return Note(LEFT, OFF)


def _terms(
    loaded: Loaded,
    asked: Sequence[Asked],
    known: Sequence[Sequence[Hypothesis]],
    true: Sequence[str],
    key: str,
    most: int,
) -> Work[Terms | None]:
    """Yield Progress; return the terms that texts with known answers tell."""
    if len(asked) < FEWEST:
        asked, known = [], []

    def score(answers: Sequence[Hypothesis]) -> np.ndarray:
        return score_each(key, [text_of(loaded, each) for each in answers], true)

    own = yield from write_own(loaded, asked, RewritingOptions(max_new_tokens=most))
    return (yield from watched(WEIGHING, partial(learn_terms, own, known, score)))


def _joined(learnt: Sides, former: KnownPairs | None, held_out: Sides) -> KnownPairs:
    """Return the learnt pairs and those of a former training in the same languages, but such as say otherwise or are held out."""
    if former is None or not former.pairs:
        return KnownPairs(*learnt)
    sides = [[pair[side] for pair in former.pairs] for side in (0, 1)]
    before, now = languages_of(*sides), languages_of(*learnt)
    if before != now:
        if before != now[::-1]:
            return KnownPairs(*learnt)
        sides = sides[::-1]
    kept = KnownPairs(*sides).without(*learnt).without(*held_out).pairs
    return KnownPairs([*learnt[0], *(one for one, _ in kept)], [*learnt[1], *(other for _, other in kept)])
