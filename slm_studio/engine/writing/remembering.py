"""What a translator remembers: pairs that it learnt from, and how like them a text must be, told by held-out pairs."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from slm_studio.core.generation import RewritingOptions
from slm_studio.core.work import Work
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.rewriting import score_each
from slm_studio.engine.models.known_pairs import KnownPairs
from slm_studio.engine.watched import watched
from slm_studio.engine.writing.beams import Hypothesis
from slm_studio.engine.writing.known import WEIGHING, learn_needed
from slm_studio.engine.writing.rewriting import NEEDED, asked_of, known_answers, most_written, text_of, write_own

Sides = tuple[Sequence[str], Sequence[str]]


def remember(loaded: Loaded, learnt: Sides, held_out: Sides, key: str) -> Work[None]:
    """Yield Progress; let a model keep the pairs that it learnt from where they bring held-out answers nearer to the true ones.

    `key` is the measure. They stand in `loaded.kept`, and in the facts how like a text must be to count: there, and back.
    """
    ways = (False, True) if loaded.facts.get("both_ways") else (False,)
    held = [pair for pair in zip(*held_out, strict=True) if all(side.strip() for side in pair)]
    asked = [each for back in ways for each in asked_of(loaded, [pair[back] for pair in held], back=back)]
    true = [pair[not back] for back in ways for pair in held]
    pairs = yield from watched(WEIGHING, partial(KnownPairs, *learnt))
    own = yield from write_own(loaded, asked, RewritingOptions(max_new_tokens=most_written(loaded, asked)))
    known = yield from known_answers(loaded, pairs, asked, [True] * len(asked))
    needed = []
    for back in (False, True):
        places = [place for place, each in enumerate(asked) if each.back == back]

        def score(answers: Sequence[Hypothesis], places: Sequence[int] = places) -> np.ndarray:
            return score_each(key, [text_of(loaded, each) for each in answers], [true[place] for place in places])

        work = partial(learn_needed, [own[place] for place in places], [known[place] for place in places], score)
        needed.append((yield from watched(WEIGHING, work)))
    loaded.kept = pairs if any(each is not None for each in needed) else None
    if loaded.kept is not None:
        loaded.facts[NEEDED] = needed
