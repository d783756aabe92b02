"""Rewritten texts, measured: BLEU and chrF as sacrebleu counts them, ROUGE, how many are exactly right, and simple methods.

Sources: Papineni et al. 2002, https://aclanthology.org/P02-1040; Post 2018, https://aclanthology.org/W18-6319 (signatures);
Popović 2015, https://aclanthology.org/W15-3049; Lin 2004, https://aclanthology.org/W04-1013
"""

# R rows, N lengths of word runs

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from sacrebleu.metrics import BLEU, CHRF

from slm_studio.core.pair_columns import CORRECTION, SUMMARY, TRANSLATION, is_chinese
from slm_studio.core.results import Baseline, Metric
from slm_studio.engine.data.languages import is_han
from slm_studio.engine.measuring import compare, dialogues
from slm_studio.engine.measuring.nearest import Nearest
from slm_studio.engine.measuring.scoring import bootstrap, wilson

ROUGES = ("rouge1", "rouge2", "rougeL")
SHORTER, SAME_WORDS, ALIKE = (
    0.6,
    0.25,
    0.4,
)  # what tells summaries and corrections: shares of length and of words, likeness
CHARACTERS = "zh"  # what sacrebleu calls cutting Chinese into characters
MOST_TOLD = 200  # pairs whose likeness is looked at
_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r".+?(?:[.!?](?=\s|$)|[。！？]|\n|$)", re.DOTALL)


def metrics_of(answers: Sequence[str], true: Sequence[str], back_R: np.ndarray | None = None) -> tuple[Metric, ...]:
    """Return every score of some answers, from 0 to 1, with intervals over resampled rows.

    Where some go `back` and others do not, the likeness of each direction stands there, too.
    """
    common = (dialogues.chrf(answers, true), bleu(answers, true), *rouges(answers, true), exact(answers, true))
    if back_R is None or not back_R.any() or back_R.all():
        return common
    sides = {"chrf_there": np.flatnonzero(~back_R), "chrf_back": np.flatnonzero(back_R)}
    found = {
        key: dialogues.chrf([answers[at] for at in rows], [true[at] for at in rows]) for key, rows in sides.items()
    }
    return (*common, *(replace(metric, key=key) for key, metric in found.items()))


def bleu(answers: Sequence[str], true: Sequence[str]) -> Metric:
    """Return BLEU over all answers, from 0 to 1; Chinese is cut into characters."""
    metric = _bleu(true)
    stats_RN = np.array(metric._extract_corpus_statistics(list(answers), [list(true)]))

    def score(rows: np.ndarray) -> float:
        return float(metric._compute_score_from_stats(stats_RN[rows].sum(0).tolist()).score) / 100

    return _with_interval("bleu", score, len(answers))


def signature(true: Sequence[str]) -> str:
    """Return how chrF and BLEU were counted, in sacrebleu's words, without which they cannot be compared with others."""
    if not true:
        return ""
    chrf, bleu_ = CHRF(), _bleu(true)
    for each in (chrf, bleu_):
        each.corpus_score([true[0]], [[true[0]]])  # it knows how many references there are only then
    rouge = "F1 of words, lower case, no stemming" + ", Chinese by characters" * (cutting(true) == CHARACTERS)
    return f"chrF: {chrf.get_signature()} · BLEU: {bleu_.get_signature()} · ROUGE: {rouge}"


def _bleu(true: Sequence[str]) -> BLEU:
    return BLEU(tokenize=cutting(true))


def cutting(texts: Sequence[str]) -> str:
    """Return how sacrebleu cuts such texts into words: “zh” where there is Chinese among them, or “13a”."""
    return CHARACTERS if any(is_chinese([text]) for text in texts[:MOST_TOLD]) else "13a"


def rouges(answers: Sequence[str], true: Sequence[str]) -> tuple[Metric, ...]:
    """Return the mean F1 of shared words (ROUGE-1), pairs of words (ROUGE-2) and of the longest common row of words (ROUGE-L)."""
    scores_R3 = rouge_each(answers, true)
    return tuple(
        _with_interval(key, lambda rows, at=at: float(scores_R3[rows, at].mean()), len(answers))  # type: ignore[misc]
        for at, key in enumerate(ROUGES)
    )


def rouge_each(answers: Sequence[str], true: Sequence[str]) -> np.ndarray:
    """Return ROUGE-1, 2 and L of each answer [R, 3]: as rouge-score counts them without stemming, Chinese by characters."""
    return np.array([_rouge(units(one), units(other)) for one, other in zip(answers, true, strict=True)]).reshape(-1, 3)


def units(text: str) -> list[str]:
    """Return the words of a text in lower case, of Chinese its characters. Example: units("It's 猫!") == ["it", "s", "猫"]"""
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        if word.isascii():
            found.append(word)
        else:
            found += (
                filter(None, re.split(r"([\u3400-\u9fff\uf900-\ufaff])", word)) if any(map(is_han, word)) else [word]
            )
    return found


def _rouge(mine: Sequence[str], true: Sequence[str]) -> tuple[float, float, float]:
    runs = [_f1(_shared(mine, true, length), len(mine) - length + 1, len(true) - length + 1) for length in (1, 2)]
    return runs[0], runs[1], _f1(_common(mine, true), len(mine), len(true))


def _shared(mine: Sequence[str], true: Sequence[str], length: int) -> int:
    one, other = (Counter(zip(*(each[at:] for at in range(length)), strict=False)) for each in (mine, true))
    return (one & other).total()


def _common(mine: Sequence[str], true: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(true) + 1)
    for word in mine:
        before = 0
        for at, other in enumerate(true, start=1):
            before, row[at] = row[at], before + 1 if word == other else max(row[at], row[at - 1])
    return row[-1]


def _f1(both: int, mine: int, true: int) -> float:
    return 2 * both / (mine + true) if both > 0 else 0.0


def exact(answers: Sequence[str], true: Sequence[str]) -> Metric:
    """Return the share of answers that are the true ones, but for blanks, with Wilson's interval."""
    right = int(right_each(answers, true).sum())
    low, high = wilson(right, len(answers))
    return Metric(key="exact_match", value=right / max(1, len(answers)), low=low, high=high)


def right_each(answers: Sequence[str], true: Sequence[str]) -> np.ndarray:
    """Say of each answer whether it is the true one, but for blanks."""
    return np.array([one.split() == other.split() for one, other in zip(answers, true, strict=True)], bool)


def score_each(key: str, answers: Sequence[str], true: Sequence[str]) -> np.ndarray:
    """Return the score of each answer by itself [R], by which two ways are compared row by row."""
    if key in ROUGES:
        return rouge_each(answers, true)[:, ROUGES.index(key)]
    return right_each(answers, true).astype(float) if key == "exact_match" else dialogues.chrf_each(answers, true)


def compared(
    method: str,
    make: Callable[[Sequence[str]], Sequence[str]],
    sources: Sequence[str],
    true: Sequence[str],
    mine_R: np.ndarray,
    back_R: np.ndarray,
    key: str,
) -> Baseline:
    """Return how a simple method does, which makes answers of sources; `mine_R` are the model's own scores by the measure `key`."""
    began = time.perf_counter()
    answers = make(sources)
    gain = compare.paired(mine_R, score_each(key, answers, true), np.ones(len(true)))
    return Baseline(
        key=method,
        metrics=metrics_of(answers, true, back_R),
        seconds=time.perf_counter() - began,
        verdict=compare.paired_verdict(gain, len(true)),
    )


def methods_of(
    kind: str, learnt: tuple[Sequence[str], Sequence[str]], back_A: np.ndarray
) -> dict[str, Callable[[Sequence[str]], list[str]]]:
    """Return simple methods by key, each of which makes answers of what was asked."""

    def nearest(asked: Sequence[str]) -> list[str]:
        answers = np.empty(len(asked), object)
        for back in (False, True):
            places = np.flatnonzero(back_A == back)
            one, other = learnt[:: -1 if back else 1]
            answers[places] = nearest_targets(one, other, [asked[place] for place in places])
        return list(answers)

    other = {"lead": lambda asked: [first_sentence(text) for text in asked]} if kind == SUMMARY else {"copy": list}
    return {"nearest_pair": nearest} | other


def nearest_targets(sources: Sequence[str], targets: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Return the target of the learnt source that shares most words with each text; "" where none shares any."""
    index = Nearest(sources)
    return ["" if place is None else targets[place] for place in map(index.best, asked)]


def first_sentence(text: str) -> str:
    """Return the first sentence of a text. Example: first_sentence("One. Two.") == "One.\""""
    found = _SENTENCE.match(text.strip())
    return found.group().strip() if found else ""


def kind_of(sources: Sequence[str], targets: Sequence[str]) -> str:
    """Return what targets are of their sources: a summary (far shorter, in the same words), a correction (alike), or a translation."""
    pairs = [(units(one), units(other)) for one, other in zip(sources, targets, strict=True)]
    pairs = [(one, other) for one, other in pairs if one and other]
    if not pairs:
        return TRANSLATION
    lengths = np.median([len(other) / len(one) for one, other in pairs])
    shared = np.mean([(Counter(one) & Counter(other)).total() / min(len(one), len(other)) for one, other in pairs])
    if lengths < SHORTER and shared > SAME_WORDS:
        return SUMMARY
    alike = float(dialogues.chrf_each(sources[:MOST_TOLD], targets[:MOST_TOLD]).mean())
    return CORRECTION if alike > ALIKE else TRANSLATION


def _with_interval(key: str, score: Callable[[np.ndarray], float], rows: int) -> Metric:
    value = score(np.arange(rows))
    low, high = bootstrap(score, rows)
    return Metric(key=key, value=value, low=min(low, value), high=max(high, value))
