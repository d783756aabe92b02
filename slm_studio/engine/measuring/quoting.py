"""How right answers from passages are: exact match and F1 as SQuAD's script counts them, and simple ways to answer.

Case, punctuation, articles and the width of blanks do not count; of several true answers the nearest does. Where a text holds
Chinese, its characters are the words, as CMRC 2018 cuts them, and Chinese punctuation does not count either.

Sources: Rajpurkar et al. 2016, https://arxiv.org/abs/1606.05250, and 2018, https://arxiv.org/abs/1806.03822; Cui et al. 2019
"""

# N rows

import re
import string
import time
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slm_studio.core.events import Progress
from slm_studio.core.results import Baseline, Metric
from slm_studio.core.work import Work
from slm_studio.engine.data.languages import is_han
from slm_studio.engine.measuring.compare import paired, paired_verdict
from slm_studio.engine.measuring.nearest import Nearest
from slm_studio.engine.measuring.scoring import bootstrap

_ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)
_PUNCTUATION = frozenset(string.punctuation)
_SENTENCES = re.compile(r"[^。！？!?\n]*?(?:[。！？!?]+[”’」』）)\"']*|\.[”’)\"']*(?=\s|$)|\n+|$)")
STEP = 32  # rows between two signs of life


@dataclass(frozen=True, slots=True)
class Scores:
    """How right answers are, row by row [N] (0…1), and which rows have an answer at all."""

    exact_N: np.ndarray
    f1_N: np.ndarray
    answered_N: np.ndarray


def normalised(text: str) -> str:
    """Return an answer as it is compared. Example: normalised("The  Eiffel Tower!") == "eiffel tower\""""
    plain = "".join(sign for sign in text.lower() if sign not in _PUNCTUATION)
    if any(map(is_han, plain)):
        plain = "".join(sign for sign in plain if not unicodedata.category(sign).startswith("P"))
    return " ".join(_ARTICLES.sub(" ", plain).split())


def words_in(text: str) -> list[str]:
    """Return the words that F1 counts; of Chinese each character. Example: words_in("在 New York") == ["在", "new", "york"]"""
    plain = normalised(text)
    return "".join(f" {sign} " if is_han(sign) else sign for sign in plain).split()


def exact_match(true: str, answer: str) -> float:
    """Return 1 where both are the same but for what does not count."""
    if any(map(is_han, true + answer)):
        return float(words_in(true) == words_in(answer))
    return float(normalised(true) == normalised(answer))


def f1(true: str, answer: str) -> float:
    """Return how much of the words is shared. Where one of them has none, both must have none."""
    wanted, given = words_in(true), words_in(answer)
    if not wanted or not given:
        return float(wanted == given)
    shared = sum((Counter(wanted) & Counter(given)).values())
    return 2 * shared / (len(wanted) + len(given))


def score_each(answers: Sequence[str], true: Sequence[Sequence[str]]) -> Scores:
    """Compare the answers of rows with the true ones of each; without a true one nothing ("") is right."""
    known = [[each for each in row if words_in(each)] or [""] for row in true]
    pairs = list(zip(answers, known, strict=True))
    return Scores(
        np.array([max(exact_match(one, answer) for one in row) for answer, row in pairs]),
        np.array([max(f1(one, answer) for one in row) for answer, row in pairs]),
        np.array([row != [""] for row in known], bool),
    )


def metrics_of(scores: Scores, *, intervals: bool) -> tuple[Metric, ...]:
    """Return exact_match and f1; where some rows have no answer, also those of the rows that have one, and of the others."""
    found = [_metric("exact_match", scores.exact_N, intervals), _metric("f1", scores.f1_N, intervals)]
    none_N = ~scores.answered_N
    if none_N.any() and scores.answered_N.any():
        found.append(_metric("f1_answered", scores.f1_N[scores.answered_N], intervals))
        found.append(_metric("no_answer_right", scores.exact_N[none_N], intervals))
    return tuple(found)


def _metric(key: str, each_N: np.ndarray, intervals: bool) -> Metric:
    value = float(each_N.mean()) if len(each_N) else 0.0
    if not intervals or not len(each_N):
        return Metric(key=key, value=value)
    low, high = bootstrap(lambda rows: float(each_N[rows].mean()), len(each_N))
    return Metric(key=key, value=value, low=min(low, value), high=max(high, value))


def sentences_of(passage: str) -> list[str]:
    """Return the sentences of a passage."""
    return [passage[begin:end].strip() for begin, end in sentence_places(passage)]


def sentence_places(passage: str) -> list[tuple[int, int]]:
    """Return where each sentence of a passage begins and ends, in characters, blanks around it included."""
    return [match.span() for match in _SENTENCES.finditer(passage) if match.group().strip()]


def simple_ways(
    questions: Sequence[str], passages: Sequence[str], true: Sequence[Sequence[str]], mine_N: np.ndarray
) -> Work[tuple[Baseline, ...]]:
    """Yield Progress; return how right the sentence nearest to the question is, and the first one. `mine_N`: F1 of the model."""
    began, nearest, first = time.perf_counter(), [], []
    known: dict[str, tuple[list[str], Nearest]] = {}
    for place, (question, passage) in enumerate(zip(questions, passages, strict=True)):
        if passage not in known:
            known = {passage: ((sentences := sentences_of(passage)), Nearest(sentences))}
        sentences, index = known[passage]
        best = index.best(question)
        nearest.append(sentences[best or 0] if sentences else "")
        first.append(sentences[0] if sentences else "")
        if place % STEP == 0:
            yield Progress("Training simple methods for comparison", place, len(questions))
    seconds = time.perf_counter() - began
    return (_way("nearest_sentence", nearest, true, mine_N, seconds), _way("lead", first, true, mine_N, 0.0))


def _way(
    key: str, answers: Sequence[str], true: Sequence[Sequence[str]], mine_N: np.ndarray, seconds: float
) -> Baseline:
    scores = score_each(answers, true)
    gain = paired(mine_N, scores.f1_N, np.ones(len(mine_N)))
    return Baseline(
        key=key,
        metrics=metrics_of(scores, intervals=True),
        seconds=seconds,
        verdict=paired_verdict(gain, len(mine_N)),
    )
