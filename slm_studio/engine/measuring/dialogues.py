"""Answers of a chat, measured: does it stop by itself, does it say different things, how near is it to the true answers."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from slm_studio.core.intervals import wilson
from slm_studio.core.messages import ASSISTANT, USER, Dialogue
from slm_studio.core.results import Metric
from slm_studio.engine.data.languages import is_han
from slm_studio.engine.measuring.nearest import Nearest, words
from slm_studio.engine.measuring.scoring import bootstrap

LONGEST_GRAM = 6  # characters
BETA = 2.0  # recall counts twice as much as precision


def stop_rate(ended: Sequence[bool]) -> Metric:
    """Return the share of answers that ended before the limit did, with Wilson's interval."""
    low, high = wilson(sum(ended), len(ended))
    return Metric(key="stop_rate", value=sum(ended) / max(1, len(ended)), low=low, high=high)


def variety(answers: Sequence[str]) -> tuple[Metric, ...]:
    """Return `different`, the share of answers that no other equals, and distinct_1 and distinct_2: of words and pairs of words.

    A model that says the same to everything has different = 1 / answers. Source of the latter two: Li et al. 2016,
    https://arxiv.org/abs/1510.03055
    """
    cut = [_units(answer) for answer in answers]
    grams = {
        length: [tuple(units[at : at + length]) for units in cut for at in range(len(units) - length + 1)] for length in (1, 2)
    }  # fmt: skip
    different = len({" ".join(answer.split()) for answer in answers}) / max(1, len(answers))
    return (
        Metric(key="different", value=different),
        *(Metric(key=f"distinct_{n}", value=len(set(found)) / max(1, len(found))) for n, found in grams.items()),
    )


def chrf(answers: Sequence[str], true: Sequence[str], seed: int = 0) -> Metric:
    """Return how alike answers and true answers are, from 0 to 1: chrF2 over all of them, with a bootstrap interval.

    It counts characters, so it needs no words and suits Chinese as well. As sacrebleu's CHRF() / 100.
    Source: Popović 2015, https://aclanthology.org/W15-3049
    """
    counts_N3L = np.array([_matches(one, other) for one, other in zip(answers, true, strict=True)])
    value = _chrf(counts_N3L)
    low, high = bootstrap(lambda rows: _chrf(counts_N3L[rows]), len(counts_N3L), seed)
    return Metric(key="chrf", value=value, low=min(low, value), high=max(high, value))


def chrf_each(answers: Sequence[str], true: Sequence[str]) -> np.ndarray:
    """Return chrF2 of each answer alone, to compare two models answer by answer."""
    return np.array([_chrf(_matches(one, other)[None]) for one, other in zip(answers, true, strict=True)])


def nearest_answers(learnt: Sequence[Dialogue], asked: Sequence[Dialogue]) -> list[str]:
    """Return what the nearest learnt question was answered with, for the last question of each prompt; "" where none is near.

    What any model that was tuned has to beat: it knows no more than the rows, and says what stands there.
    """
    pairs = [
        (question.content, answer.content)
        for dialogue in learnt
        for question, answer in pairwise(dialogue)
        if (question.role, answer.role) == (USER, ASSISTANT)
    ]
    index = Nearest([question for question, _ in pairs])
    best = (index.best(_last_question(prompt)) for prompt in asked)
    return ["" if place is None else pairs[place][1] for place in best]


def _last_question(messages: Dialogue) -> str:
    return next((message.content for message in reversed(messages) if message.role == USER), "")


def _units(text: str) -> list[str]:
    """Return words, of Chinese characters: pairs of these would count twice."""
    return [word for word in words(text) if len(word) == 1 or not is_han(word[0])]


def _matches(one: str, other: str) -> np.ndarray:
    """Return counts_3L of each length of character runs: in both, in the first, in the second. Blanks do not count."""
    one, other = "".join(one.split()), "".join(other.split())
    counts = np.zeros((3, LONGEST_GRAM))
    for place, length in enumerate(range(1, LONGEST_GRAM + 1)):
        mine, yours = (Counter(text[at : at + length] for at in range(len(text) - length + 1)) for text in (one, other))
        counts[:, place] = (mine & yours).total(), mine.total(), yours.total()
    return counts


def _chrf(counts_N3L: np.ndarray) -> float:
    both_L, mine_L, yours_L = counts_N3L.sum(axis=0)
    counted = (mine_L > 0) & (yours_L > 0)  # lengths that neither side is too short for
    if not counted.any():
        return 0.0
    precision = float((both_L[counted] / mine_L[counted]).mean())
    recall = float((both_L[counted] / yours_L[counted]).mean())
    if not precision + recall:
        return 0.0
    return (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)
